namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>Something about owners, of as many as there is room for: who was noted longest ago makes room. One thread at a time.</summary>
internal sealed class RecentOwners<T>(int max)
{
    private readonly LinkedList<(OwnerKind Kind, string Id, T Value, DateTimeOffset At)> _oldestFirst = [];
    private readonly Dictionary<(OwnerKind Kind, string Id), LinkedListNode<(OwnerKind Kind, string Id, T Value, DateTimeOffset At)>>
        _byOwner = [];

    /// <summary>Those of a kind.</summary>
    public IEnumerable<(string Id, T Value)> Of(OwnerKind kind) =>
        _oldestFirst.Where(o => o.Kind == kind).Select(o => (o.Id, o.Value));

    /// <summary>What was noted of an owner last; the default where nothing was.</summary>
    public T? Find(OwnerKind kind, string id) => _byOwner.TryGetValue((kind, id), out var node) ? node.Value.Value : default;

    /// <summary>Notes something of an owner, in place of what was noted before.</summary>
    /// <returns>Whether there was room; if not, the oldest is forgotten.</returns>
    public bool Note(OwnerKind kind, string id, T value, DateTimeOffset at)
    {
        if (_byOwner.Remove((kind, id), out var before))
            _oldestFirst.Remove(before);
        bool hasRoom = _byOwner.Count < max;
        if (!hasRoom)
            Remove(_oldestFirst.First!);
        _byOwner[(kind, id)] = _oldestFirst.AddLast((kind, id, value, at));
        return hasRoom;
    }

    /// <summary>Forgets who was noted before a time.</summary>
    /// <param name="before">The time.</param>
    /// <param name="keeps">Who is not forgotten all the same.</param>
    public void Forget(DateTimeOffset before, Func<OwnerKind, string, bool> keeps)
    {
        for (var node = _oldestFirst.First; node is not null && node.Value.At < before;)
        {
            var next = node.Next;
            if (!keeps(node.Value.Kind, node.Value.Id))
                Remove(node);
            node = next;
        }
    }

    private void Remove(LinkedListNode<(OwnerKind Kind, string Id, T Value, DateTimeOffset At)> node)
    {
        _byOwner.Remove((node.Value.Kind, node.Value.Id));
        _oldestFirst.Remove(node);
    }
}
