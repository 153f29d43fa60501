using System.Runtime.InteropServices;
using Metrics.Model;
using Metrics.Query;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// What the rules of a group write, rule by rule: what one no longer writes ends, unless another rule of the group writes it still. What a
/// rule wrote last is also what the others see of it in a round that leaves it out: its samples may still be on their way into the head.
/// </summary>
internal sealed class WrittenSeries(int rules)
{
    private readonly List<VectorElement>?[] _byRule = new List<VectorElement>?[rules];
    private readonly Dictionary<Labels, Writers> _writers = [];
    private readonly HashSet<Labels> _sent = [];
    private readonly HashSet<Labels> _left = [];
    private HashSet<Labels> _inherited = [];

    /// <summary>The labels as they were first made, which the head finds at once, and how many rules write them.</summary>
    private record struct Writers(Labels Labels, int Count);

    /// <summary>What a rule wrote last.</summary>
    public IReadOnlyList<VectorElement> Of(int rule) => _byRule[rule] ?? (IReadOnlyList<VectorElement>)[];

    /// <summary>
    /// Notes what a rule writes now, and adds it to a batch; what another rule has written in this round stands there already.
    /// </summary>
    public void Write(int rule, List<VectorElement> elements, SampleBatch output)
    {
        List<VectorElement>? before = _byRule[rule];
        for (int i = 0; i < elements.Count; i++)
        {
            ref Writers writers = ref CollectionsMarshal.GetValueRefOrAddDefault(_writers, elements[i].Labels, out bool known);
            writers = known ? writers with { Count = writers.Count + 1 } : new Writers(elements[i].Labels, 1);
            elements[i] = elements[i] with { Labels = writers.Labels };
            if (_sent.Add(writers.Labels))
                output.Add(writers.Labels, elements[i].Sample.Time, elements[i].Sample.Value);
        }
        foreach (VectorElement element in before ?? [])
            Release(element.Labels);
        _byRule[rule] = elements.Count == 0 ? null : elements;
    }

    /// <summary>Ends a round: marks what nobody writes any more.</summary>
    /// <param name="at">The moment of the round.</param>
    /// <param name="whole">Whether all rules had their turn.</param>
    /// <param name="output">Receives stale markers.</param>
    public void EndRound(long at, bool whole, SampleBatch output)
    {
        if (whole)
        {
            _left.UnionWith(_inherited);
            _inherited = [];
        }
        foreach (Labels gone in _left.Where(g => !_writers.ContainsKey(g)))
            output.Add(gone, at, StaleMarker.Value);
        _left.Clear();
        _sent.Clear();
    }

    /// <summary>Marks everything as ended.</summary>
    public void EndAll(long at, SampleBatch output)
    {
        foreach (Labels gone in _writers.Keys.Union(_inherited))
            output.Add(gone, at, StaleMarker.Value);
    }

    /// <summary>
    /// Takes over what the same group wrote before its rules changed: what they no longer write ends with the first whole round.
    /// </summary>
    public void TakeOverFrom(WrittenSeries before) => _inherited = [.. before._writers.Keys, .. before._inherited];

    private void Release(Labels labels)
    {
        ref Writers writers = ref CollectionsMarshal.GetValueRefOrNullRef(_writers, labels);
        if (--writers.Count > 0)
            return;
        _writers.Remove(labels);
        _left.Add(labels);
    }
}
