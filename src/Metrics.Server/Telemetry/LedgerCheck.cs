namespace Metrics.Telemetry;

/// <summary>Looks at the ledger every few seconds and closes it each minute.</summary>
internal sealed partial class LedgerCheck(MetricRegistry registry, TimeProvider time, ILogger<LedgerCheck> log) : BackgroundService
{
    private const int LooksAMinute = 12;
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1) / LooksAMinute;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var beat = new PeriodicTimer(s_pause, time);
        for (int looks = 1; await beat.WaitForNextTickAsync(stoppingToken); looks++)
        {
            registry.Faults.Guard("ledger", registry.Ledger.Look, time);
            if (looks % LooksAMinute != 0)
                continue;
            foreach ((string account, double missing) in registry.Ledger.Close())
                LogMissing(account, missing);
        }
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The ledger does not add up: {Missing} {Account} are not accounted for. Please report this")]
    private partial void LogMissing(string account, double missing);
}
