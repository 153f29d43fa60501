using Metrics.Formats;
using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>What was learned of a series as it is written down: <c>5m BASE64</c>, with the window that it is of.</summary>
internal static class LearnedText
{
    /// <summary>As it is written.</summary>
    public static string Of(LearnedMemory memory, byte[] model) => $"{Duration.Format(memory.Window)} {Convert.ToBase64String(model)}";

    /// <summary>Puts a row back; one of another window is forgotten. Before windows were written, a row was of the rule's.</summary>
    /// <returns>Whether it was put back.</returns>
    public static bool Restore(LearnedRow row, LearnedMemory memory)
    {
        int blank = row.Model.IndexOf(' ', StringComparison.Ordinal);
        bool isOurs = blank < 0 || row.Model[..blank] == Duration.Format(memory.Window);
        if (isOurs)
            memory.Restore(LabelsJson.Read(row.Series), Convert.FromBase64String(row.Model[(blank + 1)..]));
        else
            memory.Forget(LabelsJson.Read(row.Series));
        return isOurs;
    }
}
