using Metrics.Configuration;
using Metrics.Formats.Forward;
using Metrics.Storage.Samples.Influx;
using Metrics.Text;

namespace Metrics.Storage.Forwarding;

/// <summary>The central metricsd that gets what this one stores: the section <c>forward</c>.</summary>
internal sealed record ForwardOptions
{
    /// <summary>Lines of one request of samples, and its bytes before they are packed: small, since the other side may be short.</summary>
    private const int BatchLines = 5_000;
    private const int BatchBytes = 1 << 20;

    /// <summary>Where it is.</summary>
    public required Uri Url { get; init; }

    /// <summary>A token of the role <c>ingest</c> there; null where it asks for none.</summary>
    public Secret? Token { get; init; }

    /// <summary>How this machine is called there. Default: its host name.</summary>
    public required string Node { get; init; }

    /// <summary>Whether events are sent. Default true.</summary>
    public bool Events { get; init; } = true;

    /// <summary>Whether samples are sent. Default true.</summary>
    public bool Samples { get; init; } = true;

    /// <summary>How its certificate is checked, and what it is shown.</summary>
    public TlsOptions Tls { get; init; } = TlsOptions.None;

    /// <summary>Bound of the samples that wait on disk. Default 1 GiB.</summary>
    public long SpoolBytes { get; init; } = 1L << 30;

    /// <summary>Age at which samples that wait are given up. Default 7 d.</summary>
    public TimeSpan SpoolAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Longest wait for an answer.</summary>
    public static TimeSpan Timeout { get; } = TimeSpan.FromSeconds(30);

    /// <summary>The connections.</summary>
    public HttpSettings Http => new() { Tls = Tls, ConnectTimeout = TimeSpan.FromSeconds(5) };

    /// <summary>The centre as what takes samples: it takes writes as an InfluxDB 1 does, with the names of metrics as they are.</summary>
    public InfluxOptions AsInflux() => new()
    {
        Url = Url, Version = InfluxVersion.V1, Database = "metricsd", Token = Token, CreateDatabase = false, Gzip = true,
        BatchLines = BatchLines, BatchBytes = BatchBytes, Timeout = Timeout, ReadTimeout = Timeout,
        SpoolBytes = SpoolBytes, SpoolAge = SpoolAge, Title = "the central metricsd", Parameters = "&names=fields",
    };

    /// <summary>Reads the section.</summary>
    public static ForwardOptions Read(YamlSection section)
    {
        string node = section.Text("node", Environment.MachineName);
        if (!ForwardHeader.IsName(node))
        {
            section.Report(
                "node", $"is '{node}'; it must be 1 to {ForwardHeader.MaxNameLength} letters, digits, '.', '_', '-' and ':'");
        }
        var defaults = new ForwardOptions { Url = new Uri("http://invalid.invalid/"), Node = "" };
        var options = new ForwardOptions
        {
            Url = section.RequiredUrl("url"),
            Token = Secret.Read(section, "token"),
            Node = node,
            Events = section.Flag("events", defaults.Events),
            Samples = section.Flag("samples", defaults.Samples),
            Tls = TlsOptions.Read(section.Section("tls_config")),
            SpoolBytes = section.Bytes("spool_bytes", defaults.SpoolBytes, min: 1L << 20),
            SpoolAge = section.Duration("spool_age", defaults.SpoolAge, min: TimeSpan.FromMinutes(1)),
        };
        if (!options.Events && !options.Samples)
            section.Report("events", "and 'samples' are false: nothing would be sent");
        section.Finish();
        return options;
    }
}
