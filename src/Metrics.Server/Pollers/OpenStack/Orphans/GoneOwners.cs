namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>Who can be deleted and leave something behind.</summary>
internal enum OwnerKind
{
    Project,
    User,

    /// <summary>It owns nothing itself; its projects and users go with it.</summary>
    Domain,
}

/// <summary>
/// Owners that are gone: what they were called, and of which of them a notification has said so. Any thread may note, one polls.
/// </summary>
internal sealed class GoneOwners(TimeProvider time)
{
    /// <summary>Those that are remembered of each kind; of further ones neither name nor notification is known.</summary>
    private const int MaxOwners = 10_000;

    private static readonly TimeSpan s_rememberFor = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(OwnerKind Kind, string Id), DateTimeOffset> _told = [];
    private readonly Dictionary<(OwnerKind Kind, string Id), (string Name, DateTimeOffset At)> _known = [];
    private Listing<Owner>? _projects;
    private Listing<Owner>? _users;

    /// <summary>Notes that a notification says of somebody that they were deleted.</summary>
    /// <param name="kind">What they were.</param>
    /// <param name="id">Their id.</param>
    /// <param name="inventory">What is known of the cloud, as before that: it says who belonged to a domain.</param>
    public void Note(OwnerKind kind, string id, CloudInventory inventory)
    {
        lock (_lock)
        {
            if (kind == OwnerKind.Domain)
            {
                foreach (Owner one in InDomain(inventory.Projects, id))
                    Add(OwnerKind.Project, one.Id, one);
                foreach (Owner one in InDomain(inventory.Users, id))
                    Add(OwnerKind.User, one.Id, one);
            }
            else
            {
                Add(kind, id, (kind == OwnerKind.Project ? inventory.Projects : inventory.Users)?.Items.GetValueOrDefault(id));
            }
        }
    }

    /// <summary>When a notification said that somebody was deleted; null where none did.</summary>
    public DateTimeOffset? ToldAt(OwnerKind kind, string id)
    {
        lock (_lock)
            return _told.TryGetValue((kind, id), out DateTimeOffset at) ? at : null;
    }

    /// <summary>What somebody was called who was in a list and is no longer; empty where nobody knew them.</summary>
    public string NameOf(OwnerKind kind, string id)
    {
        lock (_lock)
            return _known.TryGetValue((kind, id), out var known) ? known.Name : "";
    }

    /// <summary>
    /// How many projects that were known, and of which a notification says that they are gone, are missing from a list indeed.
    /// </summary>
    public int CountMissing(Listing<Owner>? projects)
    {
        lock (_lock)
        {
            return projects is null ? 0 : _told.Count(
                t => t.Key.Kind == OwnerKind.Project && t.Value <= projects.Started && _known.ContainsKey(t.Key)
                    && !projects.Items.ContainsKey(t.Key.Id));
        }
    }

    /// <summary>Remembers whom the newest lists lack.</summary>
    public void Follow(CloudInventory inventory)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            Remember(OwnerKind.Project, ref _projects, inventory.Projects, now);
            Remember(OwnerKind.User, ref _users, inventory.Users, now);
        }
    }

    /// <summary>Forgets after a day who has left nothing behind.</summary>
    /// <param name="owes">Whether somebody has.</param>
    public void Forget(Predicate<(OwnerKind Kind, string Id)> owes)
    {
        DateTimeOffset before = time.GetUtcNow() - s_rememberFor;
        lock (_lock)
        {
            foreach (var gone in _told.Where(t => t.Value < before && !owes(t.Key)).Select(t => t.Key).ToList())
                _told.Remove(gone);
            foreach (var gone in _known.Where(k => k.Value.At < before && !owes(k.Key)).Select(k => k.Key).ToList())
                _known.Remove(gone);
        }
    }

    private static IEnumerable<Owner> InDomain(Listing<Owner>? owners, string domain) =>
        owners?.Items.Values.Where(o => o.DomainId == domain) ?? [];

    private void Add(OwnerKind kind, string id, Owner? known)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_told.Count < MaxOwners || _told.ContainsKey((kind, id)))
            _told[(kind, id)] = now;
        if (known is not null)
            Remember(kind, known, now);
    }

    private void Remember(OwnerKind kind, Owner owner, DateTimeOffset now)
    {
        if (_known.Count < MaxOwners || _known.ContainsKey((kind, owner.Id)))
            _known[(kind, owner.Id)] = (owner.Name, now);
    }

    private void Remember(OwnerKind kind, ref Listing<Owner>? last, Listing<Owner>? newest, DateTimeOffset now)
    {
        if (newest is null || ReferenceEquals(last, newest))
            return;
        foreach (Owner one in last?.Items.Values.Where(o => !newest.Items.ContainsKey(o.Id)) ?? [])
            Remember(kind, one, now);
        last = newest;
    }
}
