using System.CommandLine;
using Metrics.Access;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd report</c>: what the reports that are mailed would say of a time.</summary>
internal sealed class ReportCommand : DaemonCommand
{
    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 7d for seven days ago, or 2026-01-31T12:00:00Z; a day ago without it.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<int?> _limit = new("--limit") { HelpName = "COUNT", Description = "Rows of each table at most; 10 without it." };

    private readonly Option<bool> _html = new("--html") { Description = "As the page that is mailed." };

    public ReportCommand(CommonOptions common)
        : base(common, "report", "Show what happened in a day: alerts, log-ins, weak and dormant accounts, what was left behind, logs.",
            Role.Viewer, TimeSpan.FromMinutes(3))
    {
        Add(_from);
        Add(_to);
        Add(_limit);
        Add(_html);
        AddConnection();
        Example("metricsd report", "The last day, as the reports of the section reports say it.");
        Example("metricsd report --from 7d --html > week.html", "A week, as a page.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string format = call.Value(_html) ? "html" : "text";
        string query = QueryOf(
            ("from", call.Value(_from)), ("to", call.Value(_to)), ("limit", Text(call.Value(_limit))), ("format", format));
        using DaemonClient daemon = Connect(call);
        using var report = new StringReader(await daemon.GetTextAsync($"/api/v1/report?{query}", cancel));
        while (report.ReadLine() is { } line)
            call.Output.WriteLine(PlainText.Line(line));
        return ExitCode.Ok;
    }
}
