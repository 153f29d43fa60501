using Metrics.Model;

namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>
/// How much each owner who is gone has left behind. Of one of whom nothing is left that is said for a day, so that the end is seen.
/// </summary>
internal sealed class OwnerReport(TimeProvider time)
{
    private static readonly Metric s_resources = Metric.Gauge(
        "openstack_orphan_owner_resources", "Resources that a project or user who is gone has left behind.", "owner", "id");

    private static readonly Metric s_info = Metric.Gauge(
        "openstack_orphan_owner_info", "A constant 1 for each project or user who is gone and whose name is known.", "owner", "id", "name");

    private static readonly TimeSpan s_sayEndFor = TimeSpan.FromDays(1);

    private readonly Dictionary<(OwnerKind Kind, string Id), DateTimeOffset> _seen = [];

    /// <summary>Adds what was left behind.</summary>
    /// <param name="sink">Added to.</param>
    /// <param name="left">The owner of each resource.</param>
    /// <param name="gone">Knows their names.</param>
    public void Add(SampleSink sink, IEnumerable<(OwnerKind Kind, string Id)> left, GoneOwners gone)
    {
        DateTimeOffset now = time.GetUtcNow();
        var counts = left.GroupBy(o => o).ToDictionary(o => o.Key, o => o.Count());
        foreach (var owner in counts.Keys)
            _seen[owner] = now;
        foreach (var owner in _seen.Where(s => now - s.Value > s_sayEndFor).Select(s => s.Key).ToList())
            _seen.Remove(owner);
        foreach (var owner in _seen.Keys)
        {
            string word = owner.Kind == OwnerKind.Project ? "project" : "user";
            sink.Add(s_resources, counts.GetValueOrDefault(owner), word, owner.Id);
            if (gone.NameOf(owner.Kind, owner.Id) is { Length: > 0 } name)
                sink.Add(s_info, 1, word, owner.Id, name);
        }
    }

    /// <summary>Whether somebody has left something behind, or had a day ago.</summary>
    public bool Owes(OwnerKind kind, string id) => _seen.ContainsKey((kind, id));
}
