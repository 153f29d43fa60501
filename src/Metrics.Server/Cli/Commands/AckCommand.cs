using System.CommandLine;
using System.Text.Json;
using Metrics.Access;
using Metrics.Configuration;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd ack ALERT</c>: says that somebody is at an alert, so that it is neither repeated nor escalated.</summary>
internal sealed class AckCommand : DaemonCommand
{
    private readonly Argument<string> _alert = new("ALERT")
    {
        Description = "A rule's name, with labels where it has many alerts: 'HostDown{host=\"a\"}'; or the id of one, as in its link.",
    };

    private readonly Option<string?> _comment = new("--comment") { HelpName = "TEXT", Description = "What there is to say about it." };

    private readonly Option<string?> _author = new("--author")
    {
        HelpName = "NAME",
        Description = "Who is at it; the user's name without it.",
    };

    public AckCommand(CommonOptions common)
        : base(common, "ack", "Say that you are at an alert: it is neither repeated nor escalated until it is over.", Role.Operator,
            TimeSpan.FromSeconds(30))
    {
        Add(_alert);
        Add(_comment);
        Add(_author);
        Add(common.Output);
        AddConnection();
        Example("metricsd ack 'HostDown{host=\"a\"}' --comment 'disk is being swapped'", "Prints the alerts that are acknowledged.");
        Example("metricsd ack HostDown", "All that fire of a rule; exits with 1 when none does.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        var body = new
        {
            alert = call.Value(_alert),
            by = call.Value(_author) ?? Environment.UserName,
            comment = call.Value(_comment) ?? "",
        };
        using DaemonClient daemon = Connect(call);
        JsonElement data = DataOf(await daemon.PostAsync("/api/v1/acknowledge", body, cancel), daemon);
        if (call.WantsJson)
            JsonOutput.Write(call.Output, data);
        else
            daemon.Read(data, d => Write(d, call.Output));
        return ExitCode.Ok;
    }

    private static void Write(JsonElement data, TextWriter to)
    {
        foreach (JsonElement alert in data.EnumerateArray())
            to.WriteLine($"{TextCell.Plain(alert, "id")}  {TextCell.Plain(alert, "name")}");
    }
}
