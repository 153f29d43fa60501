using Metrics.Configuration;

namespace Metrics.Pollers.OpenStack;

/// <summary>
/// The clouds of the configuration, and their targets: one a collection, so that each has its own pace and its own faults.
/// </summary>
internal sealed class CloudTargets(CloudMetrics metrics, TimeProvider time, ILogger<WatchedCloud> log) : ITargetSource, IDisposable
{
    public const string Job = "openstack";

    /// <summary>Session, caches and inventory of each cloud: as long as its section does not change they stay.</summary>
    private readonly Dictionary<SectionId, WatchedCloud> _clouds = [];

    /// <summary>Clouds whose sections have gone. Their polls end after this look, so that they can be disposed at the next.</summary>
    private readonly List<WatchedCloud> _gone = [];

    /// <summary>
    /// Targets of all clouds. Before the first login only the endpoints are looked at, which is what logs in; then what the catalogue has.
    /// </summary>
    public IEnumerable<TargetDeclaration> Discover(TargetSections sections)
    {
        List<CloudJob> jobs = [.. sections.OfType<CloudJob>()];
        _gone.ForEach(c => c.Dispose());
        _gone.Clear();
        foreach (SectionId id in _clouds.Keys.Except(jobs.Select(j => j.Id)).ToList())
        {
            _clouds.Remove(id, out WatchedCloud? cloud);
            _gone.Add(cloud!);
        }
        return jobs.SelectMany(Targets);
    }

    /// <summary>The cloud of a section, as of the last look.</summary>
    internal WatchedCloud Of(SectionId section) => _clouds[section];

    public void Dispose()
    {
        foreach (WatchedCloud cloud in _clouds.Values.Concat(_gone))
            cloud.Dispose();
    }

    private IEnumerable<TargetDeclaration> Targets(CloudJob job)
    {
        if (!_clouds.TryGetValue(job.Id, out WatchedCloud? cloud))
        {
            _clouds.Add(job.Id, cloud = new WatchedCloud(job, metrics, time, log));
            if (_gone.Find(c => c.Name == job.Name) is { } before)
                cloud.TakeOverFrom(before);
        }
        foreach (CloudCollection collection in CloudCatalog.All)
        {
            if (job.Disabled.Contains(collection.Name) || (collection.Name != "endpoints" && !cloud.Knows(collection.Service)))
                continue;
            TimeSpan interval = collection.Pace switch
            {
                CloudPace.Check => job.CheckInterval,
                CloudPace.Normal => job.Interval,
                _ => job.SlowInterval,
            };
            yield return new TargetDeclaration(
                job, Job, job.Name, interval, interval, () => collection.Create(cloud), part: collection.Name);
        }
    }
}
