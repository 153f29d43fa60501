using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>
/// This machine: runs every host poller of the catalogue, each with its own success and duration, so that one that fails takes none of the
/// others with it.
/// </summary>
internal sealed class HostPoller(IReadOnlyList<(string Name, IPoller Poller)> pollers, TimeProvider time) : IPoller
{
    private static readonly Metric s_success = Metric.Gauge("node_scrape_collector_success", "Whether a collector succeeded.", "collector");
    private static readonly Metric s_duration =
        Metric.Gauge("node_scrape_collector_duration_seconds", "How long a collector took.", "collector");

    /// <inheritdoc />
    public override string ToString() => "this host";

    /// <summary>What failed in the last poll, by poller.</summary>
    public IReadOnlyDictionary<string, string> Errors { get; private set; } = new Dictionary<string, string>();

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        foreach ((string name, IPoller poller) in pollers)
        {
            long start = time.GetTimestamp();
            try
            {
                await poller.PollAsync(sink, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                errors[name] = e.Message;
            }
            sink.Add(s_success, errors.ContainsKey(name) ? 0 : 1, name);
            sink.Add(s_duration, time.GetElapsedTime(start).TotalSeconds, name);
        }
        Errors = errors;
        if (errors.Count == pollers.Count && pollers.Count > 0)
            throw new InvalidOperationException($"every host poller failed, such as {errors.First().Key}: {errors.First().Value}");
    }
}
