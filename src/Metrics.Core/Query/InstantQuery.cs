using Metrics.Model;
using Metrics.Series;

namespace Metrics.Query;

/// <summary>One element of an instant vector.</summary>
/// <param name="Labels">The series.</param>
/// <param name="Sample">Its newest sample at or before the moment asked for, with that sample's own time.</param>
public readonly record struct VectorElement(Labels Labels, Sample Sample);

/// <summary>An expression that was read once and can be asked at any moment. Immutable.</summary>
public sealed class InstantQuery
{
    /// <summary>How far back a series' last sample counts when nothing newer came.</summary>
    public static readonly TimeSpan DefaultLookback = TimeSpan.FromMinutes(5);

    private readonly VectorSelector _selector;

    private InstantQuery(string text, VectorSelector selector)
    {
        Text = text;
        _selector = selector;
    }

    /// <summary>The expression as it was written.</summary>
    public string Text { get; }

    /// <summary>The metric names that it reads; empty when it may read any.</summary>
    public IReadOnlyList<string> MetricNames => _selector.MetricName is { } name ? [name] : [];

    /// <summary>Reads an expression: in this version a plain series selector.</summary>
    public static bool TryParse(string text, out InstantQuery? query, out QueryError? error)
    {
        query = SelectorParser.TryParse(text, out VectorSelector? selector, out error) ? new InstantQuery(text, selector!) : null;
        return query is not null;
    }

    /// <summary>The series that it reads, whatever their age.</summary>
    public List<HeadSeries> Select(Head head) => head.Select(_selector.Matchers);

    /// <summary>The vector at a moment.</summary>
    /// <param name="head">Where the samples are.</param>
    /// <param name="at">The moment, milliseconds since 1970 UTC.</param>
    /// <param name="lookback">How far back a sample may lie; the default is <see cref="DefaultLookback"/>.</param>
    public List<VectorElement> Evaluate(Head head, long at, TimeSpan? lookback = null)
    {
        long after = at - (long)(lookback ?? DefaultLookback).TotalMilliseconds;
        var vector = new List<VectorElement>();
        foreach (HeadSeries series in head.Select(_selector.Matchers))
        {
            if (series.TryLast(at, after, out Sample sample))
                vector.Add(new VectorElement(series.Labels, sample));
        }
        return vector;
    }
}
