using Metrics.Notifiers;
using Metrics.Reports;

namespace Metrics.Tests.Reports;

public sealed class ReportRendererTests
{
    private const long Day = 86_400_000_000_000;

    private static readonly SecurityReport s_report = new("daily", new ReportSpan(20_000 * Day, 20_001 * Day, 20_001 * Day, 10),
    [
        new ReportPart(
            "Log-ins that failed", "12 at the Identity service.", ["account", "failures"],
            [["ann\r\nSubject: x", "10"], ["<script>alert(1)</script>\u001b[2J", "2"]], More: 3),
        ReportPart.Of("Logs", "All lines that were there were read."),
    ], IsWhole: true);

    [Fact]
    public void It_is_a_text_with_tables()
    {
        ReportText text = ReportRenderer.Render(s_report, "https://m.example");
        text.Title.Should().Be("[REPORT] daily: 2024-10-04 00:00 to 2024-10-05 00:00 UTC");
        text.Plain.Should().Be("""
            [REPORT] daily: 2024-10-04 00:00 to 2024-10-05 00:00 UTC, as all times here

            Log-ins that failed
            -------------------
            12 at the Identity service.
            account                        failures
            ann Subject: x                 10
            <script>alert(1)</script> [2J  2
            and 3 more

            Logs
            ----
            All lines that were there were read.

            https://m.example

            """.ReplaceLineEndings(Environment.NewLine));
    }

    [Fact]
    public void A_long_text_is_cut_and_a_character_of_two_halves_is_not_cut_in_two()
    {
        string start = new('x', 999);
        SecurityReport report = s_report with { Parts = [new ReportPart("Logs", "", ["file"], [[$"{start}\U0001F600 and more"]])] };
        ReportText text = ReportRenderer.Render(report, "https://m.example");
        text.Plain.Should().Contain($"{start}…");
        text.Html.Should().Contain($">{start}…<");
    }

    [Fact]
    public void What_others_have_chosen_is_no_markup_in_the_page()
    {
        string html = ReportRenderer.Render(s_report, "https://m.example/?a=1&b=\"").Html;
        html.Should().Contain("&lt;script&gt;alert(1)&lt;/script&gt;").And.NotContain("<script>").And.NotContain("\u001b")
            .And.Contain("href=\"https://m.example/?a=1&amp;b=&quot;\"").And.Contain("and 3 more").And.Contain("<h3>Logs</h3>");
    }
}
