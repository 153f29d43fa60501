using System.Collections.Frozen;
using System.Reflection;
using Metrics.Model;

namespace Metrics.Rules.Sigma;

/// <summary>The fields of events by our own names, which rules may use for any logs.</summary>
internal static class SigmaOwnFields
{
    private static readonly FrozenSet<string> s_known = typeof(EventFields).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!).ToFrozenSet();

    /// <summary>A field of docs/events.md, or the machine by the names that Sigma has for it anywhere; null where it is none.</summary>
    public static SigmaField? Find(string name) => name is "Computer" or "ComputerName" ? SigmaField.Of(EventFields.Host)
        : s_known.Contains(name) ? SigmaField.Of(name) : null;

    /// <summary>A field that a sender may have added: any name with a dot, or a short one.</summary>
    public static SigmaField? FindAny(string name) =>
        name.Contains('.', StringComparison.Ordinal) || name is "host" or "service" or "level"
            ? SigmaField.Of(EventFields.FullName(name)) : null;
}
