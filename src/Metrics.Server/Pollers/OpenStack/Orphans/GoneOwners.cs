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
    /// <summary>Those that are remembered; the oldest make room.</summary>
    public const int MaxOwners = 10_000;

    private static readonly TimeSpan s_rememberFor = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly RecentOwners<Told> _told = new(MaxOwners);

    /// <summary>Told of, and in no list: who makes up ids drives no true ones out.</summary>
    private readonly RecentOwners<Told> _toldUnknown = new(MaxOwners);
    private readonly RecentOwners<Owner> _known = new(MaxOwners);
    private Listing<Owner>? _projects;
    private Listing<Owner>? _users;

    /// <summary>Notes that a notification says of somebody that they were deleted.</summary>
    /// <param name="kind">What they were.</param>
    /// <param name="id">Their id.</param>
    /// <param name="inventory">What is known of the cloud; who has been missing for a day at most is known too.</param>
    /// <returns>How many earlier ones were forgotten for that.</returns>
    public int Note(OwnerKind kind, string id, CloudInventory inventory)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            RememberMissing(inventory, now);
            if (kind != OwnerKind.Domain)
                return Add(kind, id, ListOf(kind, inventory)?.Items.GetValueOrDefault(id) ?? _known.Find(kind, id), now);
            return new[] { OwnerKind.Project, OwnerKind.User }
                .Sum(k => InDomain(k, ListOf(k, inventory), id).Sum(owner => Add(k, owner.Id, owner, now)));
        }
    }

    /// <summary>When a notification said that somebody was deleted; null where none did.</summary>
    public DateTimeOffset? ToldAt(OwnerKind kind, string id)
    {
        lock (_lock)
            return (_told.Find(kind, id) ?? _toldUnknown.Find(kind, id))?.At;
    }

    /// <summary>What somebody was called who was in a list and is no longer; empty where nobody knew them.</summary>
    public string NameOf(OwnerKind kind, string id)
    {
        lock (_lock)
            return _known.Find(kind, id)?.Name ?? "";
    }

    /// <summary>
    /// How many projects that were known, and of which a notification says that they are gone, are missing from a list indeed. Each counts
    /// once, until a list has it again.
    /// </summary>
    public int TakeMissing(Listing<Owner>? projects)
    {
        int missing = 0;
        lock (_lock)
        {
            foreach ((string id, Told told) in projects is null ? []
                : _told.Of(OwnerKind.Project).Where(t => t.Value.At <= projects.Started))
            {
                bool isMissing = !projects!.Items.ContainsKey(id);
                if (isMissing && !told.IsMissing)
                    missing++;
                told.IsMissing = isMissing;
            }
        }
        return missing;
    }

    /// <summary>Remembers whom the newest lists lack, and forgets after a day who has left nothing behind.</summary>
    /// <param name="inventory">The lists.</param>
    /// <param name="owes">Whether somebody has left something.</param>
    public void Follow(CloudInventory inventory, Func<OwnerKind, string, bool> owes)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            RememberMissing(inventory, now);
            _told.Forget(now - s_rememberFor, owes);
            _toldUnknown.Forget(now - s_rememberFor, owes);
            _known.Forget(now - s_rememberFor, owes);
        }
    }

    private static Listing<Owner>? ListOf(OwnerKind kind, CloudInventory inventory) =>
        kind == OwnerKind.Project ? inventory.Projects : inventory.Users;

    /// <summary>Who is or was in a domain.</summary>
    private List<Owner> InDomain(OwnerKind kind, Listing<Owner>? there, string domain) =>
    [
        .. (there?.Items.Values ?? []).Concat(_known.Of(kind).Select(k => k.Value).Where(o => there?.Items.ContainsKey(o.Id) != true))
            .Where(o => o.DomainId == domain),
    ];

    private int Add(OwnerKind kind, string id, Owner? known, DateTimeOffset now)
    {
        if (known is null)
            return _toldUnknown.Note(kind, id, new Told(now), now) ? 0 : 1;
        _known.Note(kind, id, known, now);
        return _told.Note(kind, id, new Told(now) { IsMissing = _told.Find(kind, id)?.IsMissing == true }, now) ? 0 : 1;
    }

    private void RememberMissing(CloudInventory inventory, DateTimeOffset now)
    {
        RememberMissing(OwnerKind.Project, ref _projects, inventory.Projects, now);
        RememberMissing(OwnerKind.User, ref _users, inventory.Users, now);
    }

    private void RememberMissing(OwnerKind kind, ref Listing<Owner>? last, Listing<Owner>? newest, DateTimeOffset now)
    {
        if (newest is null || ReferenceEquals(last, newest))
            return;
        foreach (Owner one in last?.Items.Values.Where(o => !newest.Items.ContainsKey(o.Id)) ?? [])
            _known.Note(kind, one.Id, one, now);
        last = newest;
    }

    /// <summary>That a notification has said so.</summary>
    private sealed class Told(DateTimeOffset at)
    {
        public DateTimeOffset At => at;

        /// <summary>Whether the newest list lacked it.</summary>
        public bool IsMissing { get; set; }
    }
}
