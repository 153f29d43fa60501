using System.Collections;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Inputs;
using Metrics.Intake;
using Metrics.Pollers;
using Metrics.Querying;
using Metrics.Reports;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.Forwarding;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.Hosting;

/// <summary>Everything an operator can set, room by room; one immutable snapshot. Keys and defaults: docs/configuration.md.</summary>
internal sealed record MetricsOptions
{
    /// <summary>Address of API and pages. Default <c>127.0.0.1:9890</c>; another than loopback needs <see cref="Auth"/>.</summary>
    public required ListenAddress Listen { get; init; }

    /// <summary>Connections that may be open at one time; more are closed at once. Default 512, as Prometheus has it.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>What the daemon writes of itself.</summary>
    public LoggingOptions Logging { get; init; } = new();

    public required AuthOptions Auth { get; init; }

    public required StorageOptions Storage { get; init; }

    public required EventLogOptions Events { get; init; }

    /// <summary>The central metricsd that gets what this one stores; null where there is none.</summary>
    public required ForwardOptions? Forward { get; init; }

    public required InputSection Inputs { get; init; }

    public required MemoryOptions Memory { get; init; }

    public required HeadSection Head { get; init; }

    public required QuerySection Query { get; init; }

    public required RuleOptions Rules { get; init; }

    public required NotificationOptions Notifications { get; init; }

    /// <summary>Reports that are mailed at their times.</summary>
    public IReadOnlyList<ReportOptions> Reports { get; init; } = [];

    /// <summary>The sections that ask for targets, of all families.</summary>
    public required TargetSections Targets { get; init; }

    /// <summary>Sections that take effect at the next start only.</summary>
    public required IReadOnlyList<SectionId> AtStart { get; init; }

    /// <summary>Sections that take effect at once and restart nothing.</summary>
    public required IReadOnlyList<SectionId> AtOnce { get; init; }

    /// <summary>Every section that is given, by which two readings can be compared.</summary>
    public IEnumerable<SectionId> Sections =>
        [.. AtStart, .. AtOnce, Notifications.Id, .. Targets.Select(t => t.Id), .. Inputs.Ids];

    /// <summary>Reads the configuration.</summary>
    /// <param name="path">The file that was asked for; null takes <c>metrics.yaml</c> of the current folder when it is there.</param>
    /// <param name="environment">Environment variables; <c>METRICS__STORAGE__PATH</c> sets <c>storage.path</c>.</param>
    /// <exception cref="ConfigurationException">Something is wrong with it.</exception>
    public static MetricsOptions Load(string? path, IDictionary environment)
    {
        var problems = new List<Problem>();
        return Checked(ConfigurationFile.Read(path, environment, problems), problems);
    }

    /// <summary>Reads configuration text, for tests and samples.</summary>
    /// <exception cref="ConfigurationException">Something is wrong with it.</exception>
    public static MetricsOptions Parse(string yaml)
    {
        var problems = new List<Problem>();
        return Checked(ConfigurationFile.Parse(yaml, problems), problems);
    }

    private static MetricsOptions Checked(YamlSection top, List<Problem> problems)
    {
        MetricsOptions options = MetricsOptionsReader.Read(top);
        return problems.Count == 0 ? options : throw new ConfigurationException(problems);
    }
}
