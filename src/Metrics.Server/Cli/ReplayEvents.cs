using Metrics.Hosting;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Cli;

/// <summary>
/// The events of a replay: of the daemon, or of the event log's file when no daemon holds it. They are read as the replay goes, so that a
/// month of them need not fit into memory.
/// </summary>
internal sealed class ReplayEvents : IAsyncDisposable
{
    private readonly EventLog? _file;

    private ReplayEvents(EventFeed? feed, EventLog? file) => (Feed, _file) = (feed, file);

    /// <summary>What comes in as time goes by; null when no rule counts events, or none are kept.</summary>
    public EventFeed? Feed { get; }

    /// <summary>Opens them where the longest window before the replay begins.</summary>
    /// <param name="options">Where the file is.</param>
    /// <param name="rules">The rules: what they do not count is not read.</param>
    /// <param name="from">First moment of the replay, milliseconds since 1970 UTC.</param>
    /// <param name="daemon">The daemon.</param>
    /// <param name="mayReadFile">Whether the file may be read when no daemon answers.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="CommandException">No daemon answers and the file may not be read, or the daemon refuses.</exception>
    public static async Task<ReplayEvents> OpenAsync(
        MetricsOptions options, IReadOnlyList<RuleGroup> rules, long from, DaemonClient daemon, bool mayReadFile, CancellationToken cancel)
    {
        List<EventCondition> counted =
            [.. rules.SelectMany(g => g.Rules).OfType<AlertRule>().Select(r => r.Condition).OfType<EventCondition>()];
        if (counted.Count == 0)
            return new ReplayEvents(null, null);
        HashSet<string>? kinds = counted.Exists(c => c.EventKinds is null) ? null : [.. counted.SelectMany(c => c.EventKinds!)];
        long since = (new Timestamp(from) - counted.Max(c => c.Reach)).ToNanoseconds();
        (IEventSource? source, EventLog? file) = await SourceAsync(options, daemon, mayReadFile, cancel);
        // Without an end: an event that claims to be of the future counts from when it came in. What came later is not read.
        EventFeed? feed = source is null ? null : new(source.ReadAsync(kinds, since, long.MaxValue, cancel).ToBlockingEnumerable(cancel));
        return new ReplayEvents(feed, file);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Feed?.Dispose();
        if (_file is not null)
            await _file.DisposeAsync();
    }

    private static async Task<(IEventSource? Source, EventLog? File)> SourceAsync(
        MetricsOptions options, DaemonClient daemon, bool mayReadFile, CancellationToken cancel)
    {
        var kept = new DaemonEvents(daemon);
        try
        {
            return (await kept.ExistAsync(cancel) ? kept : null, null);
        }
        catch (CommandException e) when (e.ExitCode == ExitCode.Unreachable && mayReadFile)
        {
            // No daemon holds the file.
        }
        if (!File.Exists(EventLogFile.PathOf(options.Storage)))
            return default;
        var log = new EventLog(
            options.Storage, options.Events, new EventLogMetrics(new MetricRegistry()), TimeProvider.System, NullLogger<EventLog>.Instance);
        log.Open();
        return (log, log);
    }
}
