using Metrics.Model;

namespace Metrics.Rules;

/// <summary>What a round of a group gave.</summary>
/// <param name="Group">The group.</param>
/// <param name="Changes">Every alert that changed its state, with its rule; often none.</param>
/// <param name="At">The moment that was judged.</param>
/// <param name="Arrived">When the data came that caused it, as <see cref="TimeProvider.GetTimestamp"/> has it; 0 for a round at the
/// interval.</param>
internal sealed record GroupEvaluation(
    GroupRunner Group, List<(AlertRuleState Rule, AlertChange Change)> Changes, Timestamp At, long Arrived);

/// <summary>
/// Remembers what evaluations change, and sees to it that people are notified. The engine waits for it only while too much waits there
/// already. The alerting room implements it, which the rules know nothing of; tests have their own.
/// </summary>
internal interface IEvaluationSink
{
    /// <summary>
    /// Puts other groups in force, once all that was handed over before is written, and puts back what is remembered of those that are new;
    /// none of these is evaluated meanwhile. Those that stay are left alone.
    /// </summary>
    Task RestoreAsync(IReadOnlyList<GroupRunner> groups, Timestamp at, CancellationToken ct);

    /// <summary>Takes the rounds of a group in the order in which they took place.</summary>
    ValueTask TakeAsync(GroupEvaluation evaluation, CancellationToken ct);
}
