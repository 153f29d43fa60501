using System.Collections.Concurrent;

namespace Metrics.Pollers.OpenStack;

/// <summary>Kinds of resources that can be left behind.</summary>
internal enum ResourceKind : byte
{
    Server,
    Volume,
    Snapshot,
    Image,
    Port,
    FloatingIp,
    Router,
    Network,
    SecurityGroup,
    Allocation,
}

/// <summary>A resource of somebody's. A large cloud has half a million of these, so they are kept small.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="ProjectId">Its project; empty where it belongs to none.</param>
/// <param name="UserId">Who made it; empty where the service does not tell.</param>
/// <param name="Created">When it was made, or null.</param>
internal sealed record Resource(string Id, string Name, string ProjectId, string UserId = "", DateTimeOffset? Created = null)
{
    private readonly long _created = Created?.ToUnixTimeMilliseconds() ?? 0;
    private readonly string? _parentId;
    private readonly float _vcpus;
    private readonly float _memory;
    private readonly ResourceKind _parentKind;

    /// <summary>When it was made, or null.</summary>
    public DateTimeOffset? Created => _created == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(_created);

    /// <summary>
    /// The resource without which it has no use, such as the server of a port; null where there is none, or it is not told.
    /// </summary>
    public (ResourceKind Kind, string Id)? Parent
    {
        get => _parentId is null ? null : (_parentKind, _parentId);
        init => (_parentKind, _parentId) = value is { } parent ? (parent.Kind, parent.Id) : default;
    }

    public double Vcpus
    {
        get => _vcpus;
        init => _vcpus = (float)value;
    }

    public double MemoryMiB
    {
        get => _memory;
        init => _memory = (float)value;
    }

    public double DiskGiB { get; init; }
}

/// <summary>A complete list, and the span of time in which it was made.</summary>
internal sealed record Listing<T>(DateTimeOffset Started, DateTimeOffset Ended, IReadOnlyDictionary<string, T> Items);

/// <summary>A project or user.</summary>
internal sealed record Owner(string Id, string Name, string DomainId, bool Enabled);

/// <summary>What is known of a cloud. Only complete lists come in here; each is swapped whole.</summary>
internal sealed class CloudInventory
{
    private readonly ConcurrentDictionary<ResourceKind, Listing<Resource>> _resources = new();

    /// <summary>Projects; null before the first complete list.</summary>
    public Listing<Owner>? Projects { get; set; }

    /// <summary>Users; null before the first complete list.</summary>
    public Listing<Owner>? Users { get; set; }

    /// <summary>Names of flavours, by which servers tell theirs: name to id.</summary>
    public IReadOnlyDictionary<string, string> FlavorIds { get; set; } = new Dictionary<string, string>();

    /// <summary>Aggregates and availability zone of each compute host.</summary>
    public IReadOnlyDictionary<string, (string Aggregates, string Zone)> Hosts { get; set; } = new Dictionary<string, (string, string)>();

    /// <summary>The last complete list of a kind, or null.</summary>
    public Listing<Resource>? this[ResourceKind kind] => _resources.GetValueOrDefault(kind);

    /// <summary>The kinds that have been listed.</summary>
    public IEnumerable<ResourceKind> Kinds => _resources.Keys.Order();

    /// <summary>Begins a new list of a kind; what is known goes on until it is complete.</summary>
    public ResourceList Begin(ResourceKind kind, TimeProvider time) => new(this[kind], time, listing => _resources[kind] = listing);
}
