using System.Text.Json;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Model;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd silence list</c>: silences that have not ended.</summary>
internal sealed class SilenceListCommand : DaemonCommand
{
    public SilenceListCommand(CommonOptions common)
        : base(common, "list", "List silences that have not ended.", Role.Viewer, TimeSpan.FromSeconds(30))
    {
        Add(common.Output);
        AddConnection();
        Example("metricsd silence list", "One a line: id, state, end, matchers, who and why.");
        Example("metricsd silence list --output json", "In the form of Alertmanager's API.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        using DaemonClient daemon = Connect(call);
        JsonElement all = await daemon.GetAsync("/api/v2/silences", cancel);
        daemon.Read(all, a => Write([.. a.EnumerateArray().Where(s => StateOf(s) != "expired")], call));
        return ExitCode.Ok;
    }

    private static void Write(List<JsonElement> open, Invocation call)
    {
        if (call.WantsJson)
            JsonOutput.Write(call.Output, open);
        else
            open.ForEach(s => call.Output.WriteLine(Line(s)));
    }

    private static string Line(JsonElement silence)
    {
        string matchers = string.Join(' ', silence.GetProperty("matchers").EnumerateArray().Select(Matcher));
        return $"{TextCell.Plain(silence, "id")}  {StateOf(silence),-7}  until {TextCell.Plain(silence, "endsAt")}  {matchers}  "
            + $"{TextCell.Plain(silence, "createdBy")}: {TextCell.Plain(silence, "comment")}";
    }

    private static string StateOf(JsonElement silence) => silence.GetProperty("status").GetProperty("state").GetString()!;

    private static string Matcher(JsonElement matcher)
    {
        string sign = (matcher.GetProperty("isEqual").GetBoolean(), matcher.GetProperty("isRegex").GetBoolean()) switch
        {
            (true, false) => "=",
            (true, true) => "=~",
            (false, false) => "!=",
            (false, true) => "!~",
        };
        return $"{TextCell.Plain(matcher, "name")}{sign}{Labels.Quote(TextCell.Plain(matcher, "value"))}";
    }
}
