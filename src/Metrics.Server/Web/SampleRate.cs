using Metrics.Intake;

namespace Metrics.Web;

/// <summary>Samples per second between two looks, at least a second apart.</summary>
internal sealed class SampleRate(IntakeMetrics metrics, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _at = time.GetTimestamp();
    private double _samples;
    private double _rate;

    public double PerSecond
    {
        get
        {
            lock (_lock)
            {
                TimeSpan elapsed = time.GetElapsedTime(_at);
                if (elapsed < TimeSpan.FromSeconds(1))
                    return _rate;
                double now = metrics.SamplesReceived.Value;
                (_rate, _samples, _at) = ((now - _samples) / elapsed.TotalSeconds, now, time.GetTimestamp());
                return _rate;
            }
        }
    }
}
