using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack;

/// <summary>
/// Lists one collection of one service of a cloud. Each is a target of its own, so that one that fails takes none of the others with it.
/// </summary>
internal abstract class CloudPoller(WatchedCloud cloud, CloudService service) : IPoller
{
    protected WatchedCloud Cloud => cloud;

    /// <summary>The service that is asked.</summary>
    protected ServiceApi Api => cloud.Api(service);

    /// <summary>What it lists.</summary>
    protected virtual string Collection => GetType().Name;

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        var key = (service, Collection);
        sink.Unwanted = cloud.Job.DisabledMetrics;
        try
        {
            await CollectAsync(sink, ct);
            cloud.Outcomes[key] = null;
        }
        catch (Exception e)
        {
            cloud.Outcomes[key] = e.Message;
            throw;
        }
    }

    /// <summary>Collects and adds to the sink.</summary>
    protected abstract Task CollectAsync(SampleSink sink, CancellationToken ct);

    public override string ToString() => $"{service.Name} of {cloud.Job.Access.Auth.AuthUrl} ({Collection})";
}
