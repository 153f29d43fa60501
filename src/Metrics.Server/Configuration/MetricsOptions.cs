using Metrics.Model;
using Metrics.Inputs;
using Metrics.Api.Access;
using Metrics.Notifiers;
using Metrics.Pollers.Backends;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.Probes;
using Metrics.Pollers.Scrape;
using Metrics.Routing;
using Metrics.Storage.Events;

namespace Metrics.Configuration;

/// <summary>Everything an operator can set; one immutable snapshot. Keys and defaults: docs/configuration.md.</summary>
internal sealed record MetricsOptions
{
    /// <summary>Address of API and pages. Default <c>127.0.0.1:9890</c>; another than loopback needs <see cref="Auth"/>.</summary>
    public required string Listen { get; init; }

    public required AuthOptions Auth { get; init; }

    public required StorageOptions Storage { get; init; }

    public required EventLogOptions Events { get; init; }

    /// <summary>Kind of event by measurement of line protocol. Default: none.</summary>
    public required IReadOnlyDictionary<string, string> PushEvents { get; init; }

    public required HeadSection Head { get; init; }

    public required QuerySection Query { get; init; }

    public required HostSection Host { get; init; }

    public required IReadOnlyList<ProbeJob> Probes { get; init; }

    public required IReadOnlyList<ScrapeJob> ScrapeJobs { get; init; }

    public required IReadOnlyList<CloudJob> Clouds { get; init; }

    public required IReadOnlyList<BackendJob> Backends { get; init; }

    public required IReadOnlyList<InputOptions> Inputs { get; init; }

    public required RuleOptions Rules { get; init; }

    public required NotificationOptions Notifications { get; init; }
}

/// <summary>Where samples and state are kept.</summary>
internal sealed record StorageOptions
{
    /// <summary>Data folder. Default <c>./data</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Longest time between two flushes to the store: what a kill -9 can lose. Default 1 s, at most 1 s.</summary>
    public required TimeSpan FlushInterval { get; init; }

    /// <summary>How long the embedded store keeps samples. Default 365 d.</summary>
    public required TimeSpan Retention { get; init; }

    /// <summary>Memory that the embedded store may use for its own buffers while writing and reading; compaction takes eight times as much. Default 48 MiB.</summary>
    public required long MemoryLimitBytes { get; init; }

    /// <summary>PostgreSQL for the state, or null for the file <c>state.db</c> in <see cref="Path"/>.</summary>
    public PostgresOptions? Postgres { get; init; }

    /// <summary>InfluxDB, or null for the embedded store.</summary>
    public InfluxOptions? Influx { get; init; }
}

/// <summary>A PostgreSQL database.</summary>
/// <param name="Connection">Npgsql's connection string: https://www.npgsql.org/doc/connection-string-parameters.html.</param>
/// <param name="Password">When it is not in the connection string.</param>
internal sealed record PostgresOptions(string Connection, Secret? Password)
{
    public override string ToString() => "<PostgreSQL>";
}

internal enum InfluxVersion
{
    V1 = 1,
    V2 = 2,
    V3 = 3,
}

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

    /// <summary>Whether a missing database is created (version 1). Default true.</summary>
    public required bool CreateDatabase { get; init; }

    public required bool Gzip { get; init; }

    /// <summary>Lines in one request. Default 5000.</summary>
    public required int BatchLines { get; init; }

    /// <summary>Bytes in one request before compression. Default 4 MiB.</summary>
    public required int BatchBytes { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>Bound of the on-disk spool. Default 1 GiB.</summary>
    public required long SpoolBytes { get; init; }

    /// <summary>Age at which spooled batches are given up. Default 7 d.</summary>
    public required TimeSpan SpoolAge { get; init; }
}

/// <summary>The recent window in memory.</summary>
internal sealed record HeadSection(TimeSpan Window, int MaxSeries, int MaxSeriesPerSource);

/// <summary>How queries are answered.</summary>
/// <param name="Timeout">Longest time that one may take. Default 2 min.</param>
/// <param name="MaxConcurrency">Queries at one time; more wait. Default: one a processor, at least two.</param>
/// <param name="MaxSamples">Values that one may keep in memory, eight bytes each. Default 50,000,000.</param>
/// <param name="MaxSamplesRead">Samples that one may read. Default 1,000,000,000.</param>
/// <param name="Lookback">How far back a series' last sample counts when nothing newer came. Default 5 min.</param>
internal sealed record QuerySection(TimeSpan Timeout, int MaxConcurrency, long MaxSamples, long MaxSamplesRead, TimeSpan Lookback);

/// <summary>This machine's own numbers.</summary>
internal sealed record HostSection
{
    public required bool Enabled { get; init; }

    public required TimeSpan Interval { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>Value of the <c>instance</c> label. Default: the host name.</summary>
    public required string Instance { get; init; }

    public required string ProcPath { get; init; }

    public required string SysPath { get; init; }

    public required string RootPath { get; init; }

    /// <summary>Pollers of the catalogue that are left out.</summary>
    public required IReadOnlyList<string> Disabled { get; init; }
}

/// <summary>Which rules are evaluated, and where.</summary>
/// <param name="Files">Rule files; the last part may hold wildcards.</param>
/// <param name="Shipped">Whether the shipped rules are evaluated too. Default true.</param>
/// <param name="RemoteQuery">An engine that speaks Prometheus's API and evaluates the rules' expressions in our place; null is none.</param>
internal sealed record RuleOptions(IReadOnlyList<string> Files, bool Shipped, Uri? RemoteQuery)
{
    /// <summary>
    /// How much of one core all rounds together may take that take place because data arrived, from 0 (rules go by their interval only) to 1. Default 0.1.
    /// </summary>
    public double ArrivalShare { get; init; } = 0.1;
}

/// <summary>Who is notified of alerts.</summary>
/// <param name="Receivers">Those who can be notified.</param>
/// <param name="Routing">Who is notified of what.</param>
/// <param name="ExternalUrl">The address under which people reach us.</param>
internal sealed record NotificationOptions(IReadOnlyList<ReceiverOptions> Receivers, RoutingOptions Routing, string ExternalUrl)
{
    /// <summary>Alertmanagers that get every alert of our rules.</summary>
    public IReadOnlyList<AlertmanagerOptions> Alertmanagers { get; init; } = [];

    /// <summary>The dead man's switch; null is none.</summary>
    public HeartbeatOptions? Heartbeat { get; init; }

    /// <summary>For how long an alert that others send holds, where they do not say.</summary>
    public TimeSpan ResolveTimeout { get; init; } = TimeSpan.FromMinutes(5);

    private readonly Dictionary<IntegrationId, NamedNotifier> _byId = Receivers.SelectMany(r => r.Notifiers).ToDictionary(n => n.Id);

    /// <summary>What the dispatcher goes by.</summary>
    public DispatchPlan Plan { get; } = new(Routing, [.. Receivers.Select(r => r.ToRouting())]);

    /// <summary>The notifiers of a receiver; none when there is no such receiver.</summary>
    public IReadOnlyList<NamedNotifier> NotifiersOf(string receiver) => Receivers.FirstOrDefault(r => r.Name == receiver)?.Notifiers ?? [];

    /// <summary>The notifier of an integration; null when there is none.</summary>
    public NamedNotifier? Find(IntegrationId integration) => _byId.GetValueOrDefault(integration);
}

/// <summary>Somebody who can be notified.</summary>
internal sealed record ReceiverOptions(string Name, IReadOnlyList<NamedNotifier> Notifiers)
{
    /// <summary>What routing must know of it.</summary>
    public Receiver ToRouting() =>
        new(Name, [.. Notifiers.Select(n => new Integration(n.Id, n.Notifier.SendResolved) { IsForPeople = n.Kind.IsForPeople })]);
}
