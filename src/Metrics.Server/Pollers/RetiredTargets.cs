using System.Collections.Frozen;
using Metrics.Model;

namespace Metrics.Pollers;

/// <summary>
/// Targets that were polled since this process began and are no longer listed. Whoever watches what they gave knows by this that it was
/// taken away, and did not fall silent. Written by one thread; <see cref="Names"/> may be read by any.
/// </summary>
internal sealed class RetiredTargets
{
    /// <summary>How many are remembered; the oldest go.</summary>
    public const int Max = 10_000;

    private readonly LinkedList<TargetName> _oldestFirst = [];
    private volatile FrozenSet<TargetName> _names = FrozenSet<TargetName>.Empty;

    /// <summary>Their names.</summary>
    public IReadOnlySet<TargetName> Names => _names;

    /// <summary>Notes what has ended, of which nothing is polled under the same name, and what is polled now.</summary>
    public void Note(IEnumerable<PollTarget> ended, IReadOnlyCollection<PollTarget> polled)
    {
        HashSet<TargetName> current = [.. polled.Select(NameOf)];
        HashSet<TargetName> names = [.. _names.Where(n => !current.Contains(n))];
        foreach (TargetName back in _oldestFirst.Where(current.Contains).ToList())
            _oldestFirst.Remove(back);
        foreach (TargetName name in ended.Select(NameOf).Where(n => !current.Contains(n)))
        {
            if (names.Add(name))
                _oldestFirst.AddLast(name);
        }
        for (; _oldestFirst.Count > Max; _oldestFirst.RemoveFirst())
            names.Remove(_oldestFirst.First!.Value);
        if (!names.SetEquals(_names))
            _names = names.ToFrozenSet();
    }

    private static TargetName NameOf(PollTarget target) => TargetName.Of(target.Labels);
}
