using Metrics.Rules.Conditions;

namespace Metrics.Rules.Sigma;

/// <summary>What a correlation asks of events of other rules, in the words of rules over events.</summary>
/// <param name="Refers">What it refers to: rules, or correlations that count.</param>
/// <param name="Over">The window.</param>
/// <param name="GroupBy">Fields, or names of such, that the events have alike.</param>
internal abstract record SigmaCorrelated(IReadOnlyList<SigmaDocument> Refers, TimeSpan Over, IReadOnlyList<string> GroupBy);

/// <summary>How many events there are, or how many different values.</summary>
/// <param name="Rules">The rules that it refers to.</param>
/// <param name="Over">The window.</param>
/// <param name="GroupBy">Fields by which it is counted apart.</param>
/// <param name="Distinct">The field whose values are counted; null counts events.</param>
/// <param name="Limit">What raises the alert.</param>
internal sealed record SigmaCount(
    IReadOnlyList<SigmaDocument> Rules, TimeSpan Over, IReadOnlyList<string> GroupBy, string? Distinct, SigmaLimit Limit)
    : SigmaCorrelated(Rules, Over, GroupBy);

/// <summary>Events of different rules, all of them, or one after the other.</summary>
/// <param name="Refers">What it refers to, one for each step.</param>
/// <param name="Over">The longest time from the first event to the last.</param>
/// <param name="GroupBy">Names of the fields that all of them have alike.</param>
/// <param name="Steps">The steps.</param>
/// <param name="IsOrdered">Whether they come in the order of the steps.</param>
internal sealed record SigmaSequence(
    IReadOnlyList<SigmaDocument> Refers, TimeSpan Over, IReadOnlyList<string> GroupBy, IReadOnlyList<SigmaStep> Steps, bool IsOrdered)
    : SigmaCorrelated(Refers, Over, GroupBy);

/// <summary>One of the steps: an event, or so many of them in a time of their own.</summary>
/// <param name="Rules">Whose events.</param>
/// <param name="Fields">Their fields that stand for the names of the correlation's <c>group-by</c>, in its order.</param>
/// <param name="Count">How many.</param>
/// <param name="Within">In what time; null where it is one.</param>
internal sealed record SigmaStep(IReadOnlyList<SigmaDocument> Rules, IReadOnlyList<string> Fields, int Count, TimeSpan? Within);
