namespace Metrics.Reports;

/// <summary>What happened in a time, for people who look once a day.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Span">The time.</param>
/// <param name="Parts">What it says.</param>
/// <param name="IsWhole">Whether nothing of it could not be had for now.</param>
internal sealed record SecurityReport(string Name, ReportSpan Span, IReadOnlyList<ReportPart> Parts, bool IsWhole);

/// <summary>What a report is about.</summary>
/// <param name="From">From when, nanoseconds since 1970 UTC.</param>
/// <param name="To">Until when.</param>
/// <param name="Now">The present: of what lasts it is said how it is now.</param>
/// <param name="Limit">Rows of each of its tables at most.</param>
internal sealed record ReportSpan(long From, long To, long Now, int Limit);

/// <summary>A part of a report: a note, and a table where there is something to list.</summary>
/// <param name="Title">What it is about.</param>
/// <param name="Note">What is to be known before the table, or in place of it; may be empty.</param>
/// <param name="Columns">Heads of the table.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="More">How many more there are.</param>
internal sealed record ReportPart(string Title, string Note, IReadOnlyList<string> Columns, IReadOnlyList<string[]> Rows, long More = 0)
{
    /// <summary>A part without a table.</summary>
    public static ReportPart Of(string title, string note) => new(title, note, [], []);
}
