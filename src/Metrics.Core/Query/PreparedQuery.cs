using Metrics.Query.Engine;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query;

/// <summary>Series and the span of time that a query reads of them.</summary>
/// <param name="Matchers">Which series.</param>
/// <param name="After">Exclusive lower bound, milliseconds since 1970 UTC.</param>
/// <param name="To">Inclusive upper bound.</param>
public sealed record QueryNeed(IReadOnlyList<LabelMatcher> Matchers, long After, long To);

/// <summary>A PromQL expression that was read once and can be evaluated at any time. Immutable.</summary>
public sealed class PreparedQuery
{
    private PreparedQuery(string text, Expr root)
    {
        Text = text;
        Root = root;
        var names = root.All().OfType<SelectorExpr>().Select(s => s.Selector.MetricName).Distinct().ToList();
        MetricNames = names.Contains(null) ? null : [.. names.Select(n => n!)];
    }

    /// <summary>The expression as it was written.</summary>
    public string Text { get; }

    /// <summary>The expression as it was read.</summary>
    public Expr Root { get; }

    /// <summary>The metrics that it reads; null when it may read any.</summary>
    public IReadOnlyList<string>? MetricNames { get; }

    /// <summary>Reads an expression.</summary>
    public static bool TryParse(string text, out PreparedQuery? query, out QueryError? error)
    {
        query = Parser.TryParse(text, out error) is { } root ? new PreparedQuery(text, root) : null;
        return query is not null;
    }

    /// <summary>A query of an expression that was made from another.</summary>
    public static PreparedQuery Of(Expr root) => new(root.ToString(), root);

    /// <summary>What an evaluation will read, so that a slow store can be asked beforehand.</summary>
    /// <param name="grid">The steps.</param>
    /// <param name="options">How it will be evaluated.</param>
    public IReadOnlyList<QueryNeed> Needs(EvaluationSteps grid, EngineOptions options)
    {
        var recorder = new NeedRecorder();
        try
        {
            new QueryEngine(options with { MaxSamples = long.MaxValue }).Probe(this, recorder, grid);
        }
        catch (QueryException)
        {
            // What is wrong will be told by the evaluation itself.
        }
        return recorder.Needs;
    }

    /// <summary>Has no series, but remembers what was asked for.</summary>
    private sealed class NeedRecorder : ISeriesSource
    {
        public List<QueryNeed> Needs { get; } = [];

        public IReadOnlyList<ISeries> Select(IReadOnlyList<LabelMatcher> matchers, long after, long to)
        {
            Needs.Add(new QueryNeed(matchers, after, to));
            return [];
        }
    }
}
