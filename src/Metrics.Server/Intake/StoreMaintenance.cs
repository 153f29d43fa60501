using Metrics.Scheduling;
using Metrics.Storage;

namespace Metrics.Intake;

/// <summary>
/// Keeps head and store within their bounds: truncates the head every minute, lets the store compact and expire every ten.
/// </summary>
internal sealed partial class StoreMaintenance(
    HeadWindow head, ISampleStore store, IntakeMetrics metrics, TimeProvider time, ILogger<StoreMaintenance> log) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);
    private const int RoundsBetweenStore = 10;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        for (int round = 1; await timer.WaitForNextTickAsync(stoppingToken); round++)
        {
            bool isStores = round % RoundsBetweenStore == 0;
            await metrics.Faults.GuardAsync("maintenance", () => MaintainAsync(isStores, stoppingToken), time, stoppingToken);
        }
    }

    private async Task MaintainAsync(bool isStores, CancellationToken ct)
    {
        head.Truncate(time.GetUtcNow().ToUnixTimeMilliseconds());
        if (!isStores || !SteadyClock.IsTrusted(time))
            return;
        try
        {
            await store.MaintainAsync(time.GetUtcNow(), ct);
        }
        catch (StoreException e)
        {
            LogFailed(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Maintenance of the store failed and is tried again later: {Reason}")]
    private partial void LogFailed(string reason);
}
