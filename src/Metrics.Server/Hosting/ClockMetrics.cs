using Metrics.Scheduling;
using Metrics.Telemetry;

namespace Metrics.Hosting;

/// <summary>How the daemon's clock stands to the system's.</summary>
internal sealed class ClockMetrics : OwnMetrics
{
    public ClockMetrics(MetricRegistry registry, SteadyClock clock)
        : base(registry)
    {
        Ahead = registry.Gauge(
            "metricsd_clock_ahead_seconds",
            "How far metricsd's clock is ahead of the system's, which has jumped; less than 0: behind; 0 while all is well.");
        Jumps = registry.Counter("metricsd_clock_jumps_total", "How often the system's clock was set, away from metricsd's, by direction.", "direction")
            .FromStart("forward", "back");
        BeforeCollect(() =>
        {
            Ahead.Set(clock.Ahead.TotalSeconds);
            Jumps.WithLabels("forward").IncTo(clock.JumpsForward);
            Jumps.WithLabels("back").IncTo(clock.JumpsBack);
        });
    }

    public Gauge Ahead { get; }

    public Labelled<Counter> Jumps { get; }
}
