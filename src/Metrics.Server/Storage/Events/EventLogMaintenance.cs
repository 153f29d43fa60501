using Metrics.Configuration;
using Metrics.Scheduling;

namespace Metrics.Storage.Events;

/// <summary>Keeps the event log within its bounds, which a reload may change.</summary>
internal sealed partial class EventLogMaintenance(
    EventLog events, Current<EventLogOptions> options, EventLogMetrics metrics, TimeProvider time, ILogger<EventLogMaintenance> log)
    : BackgroundService
{
    /// <summary>How far the log may grow beyond its bytes: what comes in meanwhile.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await metrics.Faults.GuardAsync("event log", () => MaintainAsync(stoppingToken), time, stoppingToken);
    }

    private async Task MaintainAsync(CancellationToken ct)
    {
        if (!SteadyClock.IsTrusted(time))
            return;
        try
        {
            await events.MaintainAsync(options.Value, ct);
        }
        catch (StoreException e)
        {
            LogFailed(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Maintenance of the event log failed and is tried again later: {Reason}")]
    private partial void LogFailed(string reason);
}
