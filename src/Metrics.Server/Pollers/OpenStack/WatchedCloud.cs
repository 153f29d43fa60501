using System.Collections.Concurrent;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack;

/// <summary>One cloud that is watched: the account, the services, and what is known of its resources. Shared by all its pollers.</summary>
internal sealed class WatchedCloud : IDisposable
{
    private readonly CloudTransport _transport;
    private readonly Dictionary<string, ServiceApi> _apis;
    private HashSet<CloudService> _assumed = [];

    /// <param name="job">Which cloud, and how much it may be asked.</param>
    /// <param name="metrics">Counts requests.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Tells of orphans.</param>
    /// <param name="handler">What sends requests; null is the network.</param>
    public WatchedCloud(CloudJob job, CloudMetrics metrics, TimeProvider time, ILogger log, HttpMessageHandler? handler = null)
    {
        (Job, Time, Log) = (job, time, log);
        _transport = new CloudTransport(job, metrics, time, handler);
        Session = new KeystoneSession(job.Access, _transport, time);
        _apis = CloudService.All.ToDictionary(s => s.Name, s => new ServiceApi(s, job.Access, Session, _transport, time));
    }

    public CloudJob Job { get; }

    public string Name => Job.Name;

    public TimeProvider Time { get; }

    public ILogger Log { get; }

    public KeystoneSession Session { get; }

    public CloudTransport Transport => _transport;

    /// <summary>What is known of the cloud's resources.</summary>
    public CloudInventory Inventory { get; } = new();

    /// <summary>How the last poll of each collection ended: null is well, else the reason.</summary>
    public ConcurrentDictionary<(CloudService Service, string Collection), string?> Outcomes { get; } = new();

    public ServiceApi Api(CloudService service) => _apis[service.Name];

    /// <summary>
    /// Whether a service is in the catalogue, by the newest one that there has been. Before the first login it is what another session of
    /// the same cloud knew, so that changed settings end no series; else nothing.
    /// </summary>
    public bool Knows(CloudService service) =>
        Session.Current is { } token ? Api(service).Find(token) is not null : _assumed.Contains(service);

    /// <summary>Goes on where a session of the same cloud ends.</summary>
    public void TakeOverFrom(WatchedCloud before) => _assumed = [.. CloudService.All.Where(before.Knows)];

    /// <summary>Ids and names of all projects, or null before they are known.</summary>
    public IReadOnlyCollection<(string Id, string Name)>? ProjectNames() =>
        Inventory.Projects is { } projects ? [.. projects.Items.Values.Select(p => (p.Id, p.Name))] : null;

    public void Dispose()
    {
        Session.Dispose();
        _transport.Dispose();
    }
}
