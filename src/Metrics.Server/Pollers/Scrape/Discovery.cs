using Metrics.Configuration;
using Metrics.Model;
using Metrics.Pollers.OpenStack;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>A list of targets that somebody else keeps, asked for again and again.</summary>
internal abstract record Discovery
{
    /// <summary>What it was read from: as long as that stays, a reload keeps what it has found.</summary>
    public required SectionId Id { get; init; }

    /// <summary>Where it stands: what is found for it goes on for another that comes to stand there.</summary>
    public string Place { get; init; } = "";

    /// <summary>How often it is asked.</summary>
    public required TimeSpan RefreshInterval { get; init; }

    /// <summary>What it is called in counters and messages: <c>http</c>, <c>dns</c>, <c>openstack</c>.</summary>
    public abstract string Mechanism { get; }

    /// <summary>What is asked about; each answers, or fails, on its own.</summary>
    public abstract IReadOnlyList<string> Sources { get; }

    /// <summary>Opens what asking needs.</summary>
    public abstract IFinder Open(FinderTools tools);

    /// <summary>Reads all of a job, but for files.</summary>
    public static IReadOnlyList<Discovery> ReadAll(YamlSection section)
    {
        string job = section.Text("job_name", "");
        return
        [
            .. Numbered(section.Sections("http_sd_configs").Select(HttpDiscovery.Read)),
            .. Numbered(section.Sections("dns_sd_configs").Select(DnsDiscovery.Read)),
            .. Numbered(section.Sections("openstack_sd_configs").Select(OpenStackDiscovery.Read).OfType<Discovery>()),
        ];

        IEnumerable<Discovery> Numbered(IEnumerable<Discovery> all) =>
            all.Select((d, i) => d with { Place = $"{job}/{d.Mechanism}/{i}" });
    }

    private protected static TimeSpan ReadInterval(YamlSection section, TimeSpan @default) =>
        section.Duration("refresh_interval", @default, min: TimeSpan.FromSeconds(1));

    /// <summary>A number of a port that targets without one get.</summary>
    private protected static int ReadPort(YamlSection section, int @default) => section.Number("port", @default, min: 1, max: 65535);
}

/// <summary>What finders work with.</summary>
internal sealed record FinderTools(TimeProvider Time, CloudMetrics Clouds, ILogger Log);

/// <summary>Asks for targets.</summary>
internal interface IFinder : IDisposable
{
    /// <summary>The targets of one source; empty where there are none.</summary>
    /// <param name="source">What is asked about.</param>
    /// <param name="leftOut">Takes single targets that are none, and why.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="Exception">They cannot be had; the message says why.</exception>
    Task<IReadOnlyList<TargetGroup>> FindAsync(string source, ICollection<string> leftOut, CancellationToken ct);
}
