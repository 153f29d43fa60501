namespace Metrics.Notifiers;

/// <summary>A report as it is sent.</summary>
/// <param name="Title">In one line.</param>
/// <param name="Plain">As plain text.</param>
/// <param name="Html">As a page: every text of others is encoded.</param>
internal sealed record ReportText(string Title, string Plain, string Html);
