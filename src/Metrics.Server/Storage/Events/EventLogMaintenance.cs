using Metrics.Configuration;
using Metrics.Scheduling;
using Metrics.Storage.Events.Evidence;
using Metrics.Storage.State;

namespace Metrics.Storage.Events;

/// <summary>Keeps the event log within its bounds, which a reload may change, and has the audit say what goes.</summary>
internal sealed partial class EventLogMaintenance(
    EventLog events, EventSeals seals, Current<EventLogOptions> options, EventLogMetrics metrics, TimeProvider time,
    ILogger<EventLogMaintenance> log)
    : BackgroundService
{
    /// <summary>How far the log may grow beyond its bytes: what comes in meanwhile.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    /// <summary>What has gone while the audit could not be written; null where it says all.</summary>
    private ExpiringTable? _unnoted;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await metrics.Faults.GuardAsync("event log", () => MaintainAsync(stoppingToken), time, stoppingToken);
    }

    /// <summary>Does what there is to do.</summary>
    internal async Task MaintainAsync(CancellationToken ct)
    {
        if (!SteadyClock.IsTrusted(time))
            return;
        try
        {
            if (_unnoted is { } unnoted)
                await NoteAsync(unnoted);
            await events.MaintainAsync(options.Value, NoteAsync, ct);
        }
        catch (StoreException e)
        {
            LogFailed(e.Message);
        }
    }

    /// <summary>A disk must not fill since the state is away: what the audit does not take is noted later.</summary>
    private async Task NoteAsync(ExpiringTable table)
    {
        try
        {
            await seals.NoteExpiredAsync(table, options.Value);
            _unnoted = null;
        }
        catch (StateUnavailableException e)
        {
            _unnoted = table;
            LogUnnoted(table.Table.Name, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Maintenance of the event log failed and is tried again later: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "That {Table} goes is noted in the audit later: {Reason}")]
    private partial void LogUnnoted(string table, string reason);
}
