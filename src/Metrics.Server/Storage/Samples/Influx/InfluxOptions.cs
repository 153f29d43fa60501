using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Storage.Samples.Influx;

internal enum InfluxVersion
{
    V1 = 1,
    V2 = 2,
    V3 = 3,
}

/// <summary>An InfluxDB that keeps the samples: the section <c>storage.influx</c>.</summary>
internal sealed record InfluxOptions
{
    public required Uri Url { get; init; }

    /// <summary>Which write form: 1 <c>/write</c>, 2 <c>/api/v2/write</c>, 3 <c>/api/v3/write_lp</c>. Default 1.</summary>
    public required InfluxVersion Version { get; init; }

    /// <summary>Database (1, 3) or bucket (2).</summary>
    public required string Database { get; init; }

    public string? RetentionPolicy { get; init; }

    public string? Organization { get; init; }

    public string? Username { get; init; }

    public Secret? Password { get; init; }

    public Secret? Token { get; init; }

    /// <summary>Whether a missing database (1) or bucket (2) is created; version 3 always does so itself. Default true.</summary>
    public required bool CreateDatabase { get; init; }

    /// <summary>How long a database or bucket that is created keeps its data; null is for ever. Versions 1 and 2.</summary>
    public TimeSpan? Retention { get; init; }

    public required bool Gzip { get; init; }

    /// <summary>Lines in one request. Default 5000.</summary>
    public required int BatchLines { get; init; }

    /// <summary>Bytes in one request before compression. Default 4 MiB.</summary>
    public required int BatchBytes { get; init; }

    /// <summary>Longest wait for the answer to a write. Default 10 s.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Longest wait for the answer to a query to begin, and for each next 64 KiB of it. Default 10 s.</summary>
    public required TimeSpan ReadTimeout { get; init; }

    /// <summary>Bound of the on-disk spool. Default 1 GiB.</summary>
    public required long SpoolBytes { get; init; }

    /// <summary>Age at which spooled batches are given up. Default 7 d.</summary>
    public required TimeSpan SpoolAge { get; init; }

    /// <summary>What it is, in messages: a centre of ours takes writes as an InfluxDB does.</summary>
    public string Title { get; init; } = "InfluxDB";

    /// <summary>What and where it is, in messages.</summary>
    public string Description => $"{Title} at {Url}";

    /// <summary>Further parameters of each write, each with <c>&amp;</c> before it. Version 1.</summary>
    public string Parameters { get; init; } = "";

    public static InfluxOptions Read(YamlSection section)
    {
        var version = (InfluxVersion)section.Number("version", 1, min: 1, max: 3);
        string databaseKey = version == InfluxVersion.V2 ? "bucket" : "database";
        var options = new InfluxOptions
        {
            Url = section.RequiredUrl("url"),
            Version = version,
            Database = section.RequiredText(databaseKey),
            RetentionPolicy = version == InfluxVersion.V1 ? section.Text("retention_policy") : null,
            Organization = version == InfluxVersion.V2 ? section.RequiredText("org") : null,
            Username = section.Text("username"),
            Password = Secret.Read(section, "password"),
            Token = Secret.Read(section, "token"),
            CreateDatabase = section.Flag("create_database", true),
            Retention = version != InfluxVersion.V3 && section.Has("retention")
                ? section.Duration("retention", TimeSpan.Zero, min: TimeSpan.FromHours(1))
                : null,
            Gzip = section.Flag("gzip", true),
            BatchLines = section.Number("batch_lines", 5000, min: 1, max: 1_000_000),
            BatchBytes = (int)Math.Min(section.Bytes("batch_bytes", 4L << 20, min: 128L << 10), 256L << 20),
            Timeout = section.Duration("timeout", TimeSpan.FromSeconds(10), min: TimeSpan.FromMilliseconds(100)),
            ReadTimeout = section.Duration("read_timeout", TimeSpan.FromSeconds(10), min: TimeSpan.FromMilliseconds(100)),
            SpoolBytes = section.Bytes("spool_bytes", 1L << 30, min: 1L << 20),
            SpoolAge = section.Duration("spool_age", TimeSpan.FromDays(7), min: TimeSpan.FromMinutes(1)),
        };
        if (options.Username is not null && options.Token is not null)
            section.Report("token", "and 'username' cannot stand together");
        if (version != InfluxVersion.V1 && options.Token is null)
            section.Report("token", $"or 'token_file' is required for version {(int)version}");
        section.Finish();
        return options;
    }
}
