using Prometheus;

namespace Metrics.Telemetry;

/// <summary>A number that goes up and down. Any thread may use it.</summary>
internal readonly struct Gauge(IGauge gauge)
{
    public double Value => gauge.Value;

    public void Set(double value) => gauge.Set(value);

    public void Inc() => gauge.Inc();

    public void Dec() => gauge.Dec();
}
