using Metrics.Formats;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>
/// What was learned of a series as it is written down: <c>5m DIGEST BASE64</c>, with the window and the digest of what it was learned of.
/// </summary>
internal static class LearnedText
{
    /// <summary>As it is written.</summary>
    public static string Of(AlertRuleState rule, LearnedMemory memory, byte[] model) =>
        $"{Duration.Format(memory.Window)} {rule.MemoryDigest} {Convert.ToBase64String(model)}";

    /// <summary>
    /// Puts a row back; one of another window or expression is forgotten.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="memory">What it remembers.</param>
    /// <param name="goesOn">Whether what was written before expressions were is of the rule as it is now.</param>
    /// <returns>Whether it was put back.</returns>
    public static bool Restore(LearnedRow row, AlertRuleState rule, LearnedMemory memory, bool goesOn)
    {
        string[] parts = row.Model.Split(' ');
        bool isOurs = (parts.Length < 2 || parts[0] == Duration.Format(memory.Window))
            && (parts.Length < 3 ? goesOn : parts[1] == rule.MemoryDigest);
        if (isOurs)
            memory.Restore(LabelsJson.Read(row.Series), Convert.FromBase64String(parts[^1]));
        else
            memory.Forget(LabelsJson.Read(row.Series));
        return isOurs;
    }
}
