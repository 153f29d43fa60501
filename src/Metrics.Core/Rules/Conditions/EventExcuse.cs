using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>An event does not count where another was there around it, or where none was.</summary>
/// <param name="Events">The others.</param>
/// <param name="By">Full names of the fields that must be the same in both: of the event, and of the other. Empty is any other.</param>
/// <param name="Within">How long before the event the other may have been.</param>
/// <param name="After">How long after it the other may come; so long the event waits before it counts.</param>
public sealed record EventExcuse(
    EventFilter Events, IReadOnlyList<(string Mine, string Theirs)> By, TimeSpan Within, TimeSpan After)
{
    /// <summary>It excuses where there were fewer others than so many; 0 where it excuses when there was one.</summary>
    public int FewerThan { get; init; }

    /// <summary>Whether it excuses where others are missing.</summary>
    public bool IsAbsence => FewerThan > 0;

    /// <summary>As people read it.</summary>
    public string Text
    {
        get
        {
            string fields = string.Join(", ", By.Select(b => b.Mine == b.Theirs ? b.Mine : $"{b.Mine}={b.Theirs}"));
            string by = By.Count == 0 ? "" : $" by {fields}";
            string within = Within > TimeSpan.Zero ? $" within {Duration.Format(Within)} before" : "";
            string fewer = FewerThan switch { 0 => "", 1 => "no ", _ => $"fewer than {FewerThan} " };
            return $"{fewer}{Events}{by}{within}{(After > TimeSpan.Zero ? $" or {Duration.Format(After)} after" : "")}";
        }
    }
}

/// <summary>A group does not begin to fire while an expression gives a value for it.</summary>
/// <param name="Expr">The expression.</param>
/// <param name="By">Labels that its series and the group must have alike; null is all labels of the series.</param>
public sealed record ExprExcuse(PreparedQuery Expr, IReadOnlyList<string>? By)
{
    /// <summary>As people read it.</summary>
    public string Text => By is null ? Expr.Text : $"{Expr.Text} by {string.Join(", ", By)}";
}
