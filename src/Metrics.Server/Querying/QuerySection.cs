using Metrics.Text;

namespace Metrics.Querying;

/// <summary>How queries are answered: the section <c>query</c>.</summary>
/// <param name="Timeout">Longest time that one may take. Default 2 min.</param>
/// <param name="MaxConcurrency">
/// Large queries at one time; more wait. Small ones have as many places of their own, at least four. Default: one a processor, at least
/// two.
/// </param>
/// <param name="MaxWaiting">Queries that wait for a place, small and large ones each; more are refused (503). Default 200.</param>
/// <param name="MaxSamples">Values that one may keep in memory, eight bytes each. Default 50,000,000.</param>
/// <param name="MaxMemory">
/// Bytes that one may hold, its result included; null is half of what all may hold together (a fifth of the heap), at most 512 MiB.
/// </param>
/// <param name="MaxSamplesRead">Samples that one may read. Default 1,000,000,000.</param>
/// <param name="Lookback">How far back a series' last sample counts when nothing newer came. Default 5 min.</param>
internal sealed record QuerySection(
    TimeSpan Timeout, int MaxConcurrency, int MaxWaiting, long MaxSamples, long? MaxMemory, long MaxSamplesRead, TimeSpan Lookback)
{
    public static QuerySection Read(YamlSection section)
    {
        var options = new QuerySection(
            section.Duration("timeout", TimeSpan.FromMinutes(2), min: TimeSpan.FromMilliseconds(100)),
            section.Number("max_concurrency", Math.Max(2, Environment.ProcessorCount), min: 1),
            section.Number("max_waiting", 200),
            section.Number("max_samples", 50_000_000, min: 1000),
            section.Has("max_memory") ? section.Bytes("max_memory", 0, min: 1L << 20) : null,
            section.Number("max_samples_read", 1_000_000_000, min: 1000),
            section.Duration("lookback", TimeSpan.FromMinutes(5), min: TimeSpan.FromSeconds(1)));
        section.Finish();
        return options;
    }
}
