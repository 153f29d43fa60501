using Metrics.Telemetry;

namespace Metrics.Pollers.OpenStack;

/// <summary>The clouds of the configuration, and their targets: one a collection, so that each has its own pace and its own faults.</summary>
internal sealed class Clouds(SelfMetrics metrics, TimeProvider time, ILogger<WatchedCloud> log) : IDisposable
{
    public const string Job = "openstack";

    private readonly Dictionary<CloudJob, WatchedCloud> _clouds = new(ReferenceEqualityComparer.Instance);

    /// <summary>Targets of all clouds. Before the first login only the endpoints are looked at, which is what logs in; then what the catalogue has.</summary>
    public IEnumerable<PollTarget> Discover(IReadOnlyList<CloudJob> jobs)
    {
        foreach (CloudJob gone in _clouds.Keys.Except(jobs, ReferenceEqualityComparer.Instance).Cast<CloudJob>().ToList())
            _clouds.Remove(gone);
        foreach (CloudJob job in jobs)
        {
            if (!_clouds.TryGetValue(job, out WatchedCloud? cloud))
                _clouds.Add(job, cloud = new WatchedCloud(job, metrics, time, log));
            foreach (CloudCollection collection in CloudCatalog.All)
            {
                if (job.Disabled.Contains(collection.Name) || (collection.Name != "endpoints" && !cloud.Knows(collection.Service)))
                    continue;
                TimeSpan interval = collection.Pace switch { CloudPace.Check => job.CheckInterval, CloudPace.Normal => job.Interval, _ => job.SlowInterval };
                yield return new PollTarget(Job, job.Name, interval, interval, collection.Create(cloud), cloud, part: collection.Name);
            }
        }
    }

    public void Dispose()
    {
        foreach (WatchedCloud cloud in _clouds.Values)
            cloud.Dispose();
    }
}
