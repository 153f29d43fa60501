using Metrics.Scheduling;

namespace Metrics.Hosting;

/// <summary>Says that the system's clock was set, and when ours is at one with it again.</summary>
internal sealed partial class ClockWatch(SteadyClock clock, ILogger<ClockWatch> log) : BackgroundService
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var beat = new PeriodicTimer(s_look, clock);
        long jumps = 0;
        bool isAway = false;
        while (await beat.WaitForNextTickAsync(stoppingToken))
        {
            double ahead = clock.Ahead.TotalSeconds;
            if (clock.JumpsForward + clock.JumpsBack is var now && now > jumps)
                LogJump(ahead < 0 ? "forward" : "back", Math.Abs(ahead));
            else if (isAway && ahead == 0)
                LogWell();
            (jumps, isAway) = (now, ahead != 0);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The system's clock was set {Direction}: it is {Seconds:0} s away from ours, which goes on as if it had not been, so that nothing is "
        + "missed. A clock set forward is followed after ten minutes, one set back slowly, or at once by a restart")]
    private partial void LogJump(string direction, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Our clock is at one with the system's again")]
    private partial void LogWell();
}
