using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>
/// What was left behind: resources whose project or user is gone, or whose parent is (the server of a port, a volume attachment or an
/// allocation; the port of a floating address). It works on the lists that the other pollers make, and asks one question about each owner
/// that is missing. Where it cannot be sure it says "unknown", never "orphan".
/// </summary>
internal sealed partial class OrphansPoller : CloudPoller
{
    /// <summary>More than this share of all resources without an owner is a fault of ours or of Keystone's.</summary>
    private const double TooMany = 0.5;
    private const int Few = 10;
    private const double MiB = 1 << 20;
    private const double GiB = 1 << 30;
    private const string ProjectGone = "project_gone";
    private const string UserGone = "user_gone";

    private static readonly string[] s_labels = ["kind", "id", "name", "project_id", "user_id", "reason"];
    private static readonly Metric s_count = Metric.Gauge("openstack_orphans", "Resources that were left behind, by kind.", "kind");
    private static readonly Metric s_unknown =
        Metric.Gauge("openstack_orphans_unknown", "Resources of which it cannot be said whether they were left behind, by kind.", "kind");
    private static readonly Metric s_doubt =
        Metric.Gauge("openstack_orphan_check_doubtful", "1 while the list of projects cannot be believed and nothing is called an orphan.",
            "reason");
    private static readonly Metric s_age =
        Metric.Gauge("openstack_orphan_age_seconds", "Age of a resource that was left behind.", s_labels);
    private static readonly Metric s_vcpus =
        Metric.Gauge("openstack_orphan_vcpus", "Virtual processors of a resource that was left behind.", s_labels);
    private static readonly Metric s_memory =
        Metric.Gauge("openstack_orphan_memory_bytes", "Memory of a resource that was left behind.", s_labels);
    private static readonly Metric s_disk =
        Metric.Gauge("openstack_orphan_disk_bytes", "Disk of a resource that was left behind.", s_labels);

    private readonly ListDoubt _doubt = new();
    private readonly GoneOwners _gone;
    private readonly OwnerReport _owners;
    private readonly OwnerCheck _projects;
    private readonly OwnerCheck _users;
    private readonly Dictionary<ResourceKind, OwnerCheck> _parents;

    private HashSet<(ResourceKind, string)> _before = [];

    public OrphansPoller(WatchedCloud cloud)
        : base(cloud, CloudService.Identity)
    {
        ServiceApi identity = cloud.Api(CloudService.Identity);
        (_gone, _owners) = (new GoneOwners(cloud.Time), new OwnerReport(cloud.Time));
        _projects = new OwnerCheck(identity, "/projects", cloud.Time, id => _gone.ToldAt(OwnerKind.Project, id));
        _users = new OwnerCheck(identity, "/users", cloud.Time, id => _gone.ToldAt(OwnerKind.User, id));
        _parents = new Dictionary<ResourceKind, OwnerCheck>
        {
            [ResourceKind.Server] = new(cloud.Api(CloudService.Nova), "/servers", cloud.Time),
            [ResourceKind.Port] = new(cloud.Api(CloudService.Neutron), "/ports", cloud.Time),
            [ResourceKind.Volume] = new(cloud.Api(CloudService.Cinder), "/volumes", cloud.Time),
        };
    }

    /// <summary>
    /// Notes that a notification says of an owner that they were deleted: what they owned needs one look less. Any thread may.
    /// </summary>
    /// <returns>How many earlier ones were forgotten for that.</returns>
    public int NoteDeleted(OwnerKind kind, string id) => _gone.Note(kind, id, Cloud.Inventory);

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        CloudInventory inventory = Cloud.Inventory;
        DateTimeOffset now = Cloud.Time.GetUtcNow();
        _gone.Follow(inventory, _owners.Owes);
        int gone = _gone.TakeMissing(inventory.Projects);
        if (_doubt.Judge(inventory.Projects, Cloud.Session.Current?.ProjectId, Cloud.Job.Interval * 5, now, gone) is { } reason)
        {
            sink.Add(s_doubt, 1, reason);
            return;
        }
        foreach (OwnerCheck check in _parents.Values.Append(_projects).Append(_users))
            check.Begin();
        var orphans = new List<(ResourceKind Kind, Resource Resource, string Reason)>();
        (int looked, Dictionary<ResourceKind, int> unknown) = (0, []);
        foreach (ResourceKind kind in inventory.Kinds)
        {
            Listing<Resource> listing = inventory[kind]!;
            unknown[kind] = 0;
            foreach (Resource resource in listing.Items.Values)
            {
                looked++;
                (Presence presence, string why) = await LookAsync(resource, listing, ct);
                if (presence == Presence.Gone)
                    orphans.Add((kind, resource, why));
                else if (presence == Presence.Unknown)
                    unknown[kind]++;
            }
        }
        await LeaveOutMigrationsAsync(orphans, ct);
        int untold = orphans.Count(o => OwnerOf(o.Resource, o.Reason) is not { } owner || _gone.ToldAt(owner.Kind, owner.Id) is null);
        if (untold > Few && untold > looked * TooMany)
        {
            sink.Add(s_doubt, 1, "too_many");
            return;
        }
        sink.Add(s_doubt, 0, "");
        Report(sink, orphans, unknown, now);
    }

    private async ValueTask<(Presence Presence, string Reason)> LookAsync(Resource resource, Listing<Resource> seen, CancellationToken ct)
    {
        CloudInventory inventory = Cloud.Inventory;
        Presence worst = Presence.There;
        if (resource.ProjectId.Length > 0)
        {
            switch (await _projects.LookAsync(resource.ProjectId, inventory.Projects, seen.Started, seen.Ended, ct))
            {
                case Presence.Gone:
                    return (Presence.Gone, ProjectGone);
                case Presence.Unknown:
                    worst = Presence.Unknown;
                    break;
            }
        }
        if (resource.UserId.Length > 0 && inventory.Users is { } users)
        {
            switch (await _users.LookAsync(resource.UserId, users, seen.Started, seen.Ended, ct))
            {
                case Presence.Gone:
                    return (Presence.Gone, UserGone);
                case Presence.Unknown:
                    worst = Presence.Unknown;
                    break;
            }
        }
        if (resource.Parent is { } parent && inventory[parent.Kind] is { } parents)
        {
            switch (await _parents[parent.Kind].LookAsync(parent.Id, parents, seen.Started, seen.Ended, ct))
            {
                case Presence.Gone:
                    return (Presence.Gone, $"{Name(parent.Kind)}_gone");
                case Presence.Unknown:
                    worst = Presence.Unknown;
                    break;
            }
        }
        return (worst, "");
    }

    /// <summary>While a server moves, its second allocation belongs to the migration.</summary>
    private async Task LeaveOutMigrationsAsync(List<(ResourceKind Kind, Resource Resource, string Reason)> orphans, CancellationToken ct)
    {
        if (!orphans.Exists(o => o.Kind == ResourceKind.Allocation))
            return;
        var moving = new HashSet<string>();
        try
        {
            using JsonDocument migrations = await Cloud.Api(CloudService.Nova).GetAsync("/os-migrations?limit=1000", ct: ct);
            moving.UnionWith(migrations.RootElement.Items("migrations").Select(m => m.Text("uuid")));
            orphans.RemoveAll(o => o.Kind == ResourceKind.Allocation && moving.Contains(o.Resource.Id));
        }
        catch (CloudException)
        {
            // Without the list nobody can tell the one from the other.
            orphans.RemoveAll(o => o.Kind == ResourceKind.Allocation);
        }
    }

    private void Report(
        SampleSink sink, List<(ResourceKind Kind, Resource Resource, string Reason)> orphans, Dictionary<ResourceKind, int> unknown,
        DateTimeOffset now)
    {
        foreach ((ResourceKind kind, int count) in unknown)
        {
            sink.Add(s_count, orphans.Count(o => o.Kind == kind), Name(kind));
            sink.Add(s_unknown, count, Name(kind));
        }
        foreach ((ResourceKind kind, Resource r, string reason) in orphans)
        {
            string[] labels = [Name(kind), r.Id, r.Name, r.ProjectId, r.UserId, reason];
            sink.Add(s_age, r.Created is { } created ? (now - created).TotalSeconds : 0, labels);
            Add(s_vcpus, r.Vcpus);
            Add(s_memory, r.MemoryMiB * MiB);
            Add(s_disk, r.DiskGiB * GiB);
            if (!_before.Contains((kind, r.Id)))
                LogFound(Cloud.Log, Cloud.Name, Name(kind), r.Id, r.Name, r.ProjectId, reason);

            void Add(Metric metric, double value)
            {
                if (value > 0)
                    sink.Add(metric, value, labels);
            }
        }
        _owners.Add(sink, orphans.Select(o => OwnerOf(o.Resource, o.Reason)).OfType<(OwnerKind, string)>(), _gone);
        HashSet<(ResourceKind, string)> found = [.. orphans.Select(o => (o.Kind, o.Resource.Id))];
        foreach ((ResourceKind kind, string id) in _before.Except(found))
            LogGone(Cloud.Log, Cloud.Name, Name(kind), id);
        _before = found;
    }

    /// <summary>Whose absence makes a resource an orphan; null where that is another resource.</summary>
    private static (OwnerKind Kind, string Id)? OwnerOf(Resource resource, string reason) => reason switch
    {
        ProjectGone => (OwnerKind.Project, resource.ProjectId),
        UserGone => (OwnerKind.User, resource.UserId),
        _ => null,
    };

    private static string Name(ResourceKind kind) => kind switch
    {
        ResourceKind.FloatingIp => "floating_ip",
        ResourceKind.SecurityGroup => "security_group",
        _ => kind.ToString().ToLowerInvariant(),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Orphan in {Cloud}: {Kind} {Id} ({Name}) of project {Project}: {Reason}")]
    private static partial void LogFound(ILogger log, string cloud, string kind, string id, string name, string project, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "No longer an orphan in {Cloud}: {Kind} {Id}")]
    private static partial void LogGone(ILogger log, string cloud, string kind, string id);
}
