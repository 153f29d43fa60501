using Metrics.Model;
using Metrics.Query;
using Metrics.Rules.Conditions;

namespace Metrics.Rules;

/// <summary>Makes what the templates of one rule see; keeps the expressions that they ask, prepared.</summary>
internal sealed class TemplateScopes(AlertRule rule)
{
    private readonly Dictionary<string, PreparedQuery> _asked = [];

    /// <param name="context">The moment.</param>
    /// <param name="series">The series that is judged.</param>
    /// <param name="value">Its value.</param>
    /// <param name="bound">The bound as rendered; NaN where there is none.</param>
    public TemplateScope Of(RuleContext context, Labels series, double value, double bound) => new(
        series, value, bound, context.At, rule.Condition.Window ?? rule.Policy.For, expression => Ask(context, expression),
        context.ExternalUrl)
    {
        Baseline = () => rule.Condition is not EventCondition && rule.Condition.Queries is [var expr, ..]
            ? context.Environment.BaselineOf(expr, series, context.At)
            : throw new ArgumentException("a rule over events has no baseline"),
        ExternalLabels = context.ExternalLabels,
        IsWithin = interval => context.Environment.IsWithin(interval, context.At),
    };

    private IReadOnlyList<VectorElement> Ask(RuleContext context, string expression)
    {
        if (!_asked.TryGetValue(expression, out PreparedQuery? query))
        {
            if (!PreparedQuery.TryParse(expression, out query, out QueryError? error))
                throw new ArgumentException($"'{expression}': {error}");
            _asked.Add(expression, query!);
        }
        try
        {
            return context.Queries.Evaluate(query!, context.At);
        }
        catch (QueryException e)
        {
            throw new ArgumentException($"'{expression}': {e.Message}");
        }
    }
}
