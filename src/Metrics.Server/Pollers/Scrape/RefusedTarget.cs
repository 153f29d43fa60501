using System.Globalization;

namespace Metrics.Pollers.Scrape;

/// <summary>A target of a job that has more of them than it may: it is down, and nobody asks it.</summary>
/// <param name="limit">How many there may be.</param>
internal sealed class RefusedTarget(int limit) : IPoller
{
    public ValueTask PollAsync(SampleSink sink, CancellationToken ct) => throw new InvalidOperationException(
        string.Create(CultureInfo.InvariantCulture, $"the job has more targets than target_limit ({limit}), none of them is asked"));
}
