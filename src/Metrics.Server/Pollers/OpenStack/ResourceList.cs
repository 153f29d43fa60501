namespace Metrics.Pollers.OpenStack;

/// <summary>
/// A list of resources in the making. What has not changed since the last list is kept as it was, of a large cloud nearly everything: then
/// the new objects die young, and reading half a million resources every minute costs no memory.
/// </summary>
internal sealed class ResourceList(Listing<Resource>? before, TimeProvider time, Action<Listing<Resource>> complete)
{
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private readonly Dictionary<string, Resource> _items = new(before?.Items.Count ?? 0);

    public int Count => _items.Count;

    /// <summary>Adds a resource; of two with one id the later one counts.</summary>
    public void Add(Resource resource)
    {
        Resource? known = before?.Items.GetValueOrDefault(resource.Id);
        Resource kept = known is not null && known == resource ? known : resource;
        _items[kept.Id] = kept;
    }

    /// <summary>Says that nothing is missing: only then the list is known to others.</summary>
    public void Complete() => complete(new Listing<Resource>(_started, time.GetUtcNow(), _items));
}
