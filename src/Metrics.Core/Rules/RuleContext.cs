using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>Evaluates expressions for rules: here, or by a remote engine.</summary>
public interface IVectorQueries
{
    /// <summary>The instant vector at a moment.</summary>
    /// <param name="query">The expression.</param>
    /// <param name="at">The moment, milliseconds since 1970 UTC.</param>
    /// <exception cref="QueryException">There is no result; the message says why.</exception>
    IReadOnlyList<VectorElement> Evaluate(PreparedQuery query, long at);
}

/// <summary>Evaluates expressions over series at hand.</summary>
public sealed class LocalQueries(QueryEngine engine, ISeriesSource source) : IVectorQueries
{
    /// <inheritdoc />
    public IReadOnlyList<VectorElement> Evaluate(PreparedQuery query, long at)
    {
        QueryResult result = engine.Instant(query, source, at);
        return result.Type is Query.Syntax.ExprType.Vector or Query.Syntax.ExprType.Scalar
            ? result.Vector
            : throw new QueryException("the expression gives no vector");
    }
}

/// <summary>One round of a group.</summary>
/// <param name="Source">Where the samples are.</param>
/// <param name="At">The moment, milliseconds since 1970 UTC.</param>
/// <param name="ListeningSince">Since when samples are taken.</param>
/// <param name="ExternalUrl">The address under which people reach us.</param>
public sealed record RuleRound(ISeriesSource Source, long At, long ListeningSince = 0, string ExternalUrl = "")
{
    /// <summary>Store, calendars and inventories.</summary>
    public IRuleEnvironment Environment { get; init; } = NoRuleEnvironment.Instance;

    /// <summary>What templates written for Prometheus see as <c>$externalLabels</c>.</summary>
    public Labels ExternalLabels { get; init; } = Labels.Empty;

    /// <summary>
    /// Whether a round is made up for that did not take place at its time: only what is there counts then, not what is missing.
    /// </summary>
    public bool IsCatchUp { get; init; }
}

/// <summary>What a round of evaluation is about: one moment, the same for all rules of a group.</summary>
/// <param name="Source">Where the series are.</param>
/// <param name="Queries">Evaluates expressions.</param>
/// <param name="At">The moment, milliseconds since 1970 UTC.</param>
/// <param name="ListeningSince">Since when this process has been taking samples: what came before cannot count as absence.</param>
/// <param name="ExternalUrl">The address under which people reach us, for links in annotations.</param>
public sealed record RuleContext(ISeriesSource Source, IVectorQueries Queries, long At, long ListeningSince = 0, string ExternalUrl = "")
{
    /// <summary>Store, calendars and inventories.</summary>
    public IRuleEnvironment Environment { get; init; } = NoRuleEnvironment.Instance;

    /// <summary>What templates written for Prometheus see as <c>$externalLabels</c>.</summary>
    public Labels ExternalLabels { get; init; } = Labels.Empty;

    /// <summary>
    /// Whether a round is made up for that did not take place at its time: only what is there counts then, not what is missing.
    /// </summary>
    public bool IsCatchUp { get; init; }
}
