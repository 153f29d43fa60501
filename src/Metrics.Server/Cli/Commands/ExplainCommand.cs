using System.CommandLine;
using System.Text.Json;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd explain ALERT</c>: asks the running daemon why somebody was notified of an alert, or not.</summary>
internal sealed class ExplainCommand : DaemonCommand
{
    private readonly Argument<string> _alert = new("ALERT")
    {
        Description = "A rule's name, with labels where it has many alerts: 'HostDown{host=\"a\"}'.",
    };

    public ExplainCommand(CommonOptions common)
        : base(common, "explain", "Say why somebody was notified of an alert, or not.", Role.Viewer, TimeSpan.FromSeconds(30))
    {
        Add(_alert);
        Add(common.Output);
        AddConnection();
        Example("metricsd explain HostDown", "All alerts of a rule: since when, sent to whom, muted by what.");
        Example("metricsd explain 'HostDown{host=\"a\"}'", "One of them; exits with 1 when nothing is known of it.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string alert = call.Value(_alert);
        return ShowAsync(
            call, $"/api/v1/explain?{QueryOf(("alert", alert))}", (data, to) => Write(data, alert, to), cancel,
            isGood: d => d.GetProperty("alerts").GetArrayLength() > 0);
    }

    private static void Write(JsonElement data, string asked, TextWriter to)
    {
        List<JsonElement> alerts = [.. data.GetProperty("alerts").EnumerateArray()];
        alerts.ForEach(a => Write(a, to));
        if (alerts.Count == 0)
            WriteRule(data.GetProperty("rule"), asked, to);
    }

    private static void Write(JsonElement alert, TextWriter to)
    {
        IEnumerable<string> labels = alert.GetProperty("series").EnumerateObject()
            .Select(l => $"{l.Name}={Labels.Quote(PlainText.Line(l.Value.GetString()!))}");
        to.WriteLine($"{TextCell.Plain(alert, "alert")}{{{string.Join(", ", labels)}}}: {TextCell.Plain(alert, "state")}");
        foreach (JsonElement line in alert.GetProperty("now").EnumerateArray())
            to.WriteLine($"  {PlainText.Line(line.GetString()!)}");
        foreach (JsonElement line in alert.GetProperty("trail").EnumerateArray())
            to.WriteLine($"  {TextCell.Plain(line, "at")}  {TextCell.Plain(line, "what"),-12}  {TextCell.Plain(line, "text")}");
    }

    private static void WriteRule(JsonElement rule, string asked, TextWriter to)
    {
        foreach (JsonElement line in rule.EnumerateArray())
            to.WriteLine(PlainText.Line(line.GetString()!));
        to.WriteLine(rule.GetArrayLength() == 0
            ? $"no alerting rule is called so: {asked}"
            : $"no alert that matches {asked} has been pending or firing: the expression gave no value out of bounds for it");
    }
}
