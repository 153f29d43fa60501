using System.CommandLine;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Metrics.Access;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd events [MATCHER…]</c>: reads events of the running daemon, or follows them.</summary>
internal sealed class EventsCommand : DaemonCommand
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 10_000;

    private readonly Argument<string[]> _matchers = new("MATCHER")
    {
        Description = "Conditions on fields, such as kind=identity.authenticate or 'source.ip=~\"10[.].*\"'; all must hold.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _follow =
        new("--follow") { Description = "Print what comes, until interrupted; what was before only from --from on." };

    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 1h for an hour ago, or 2026-01-31T12:00:00Z.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<string?> _text =
        new("--text") { HelpName = "TEXT", Description = "Only events whose body holds this, whatever its case." };

    private readonly Option<int?> _limit = new("--limit")
    {
        HelpName = "COUNT",
        Description = $"How many of the newest, at most {MaxLimit}; {DefaultLimit} without it.",
    };

    public EventsCommand(CommonOptions common)
        : base(common, "events", "Read events, the newest last, or follow them.", Role.Viewer, TimeSpan.FromSeconds(30))
    {
        Add(_matchers);
        Add(_follow);
        Add(_from);
        Add(_to);
        Add(_text);
        Add(_limit);
        Add(common.Output);
        AddConnection();
        Validators.Add(result =>
        {
            if (!result.GetValue(_follow))
                return;
            if (result.GetResult(_to) is not null)
                result.AddError("--to means nothing with --follow");
            if (result.GetResult(_limit) is not null)
                result.AddError("--limit means nothing with --follow");
        });
        Example("metricsd events kind=identity.authenticate event.outcome=failure --from 1h", "Failed logins of the last hour.");
        Example("metricsd events host=ctl-1 --text oom --output json", "What ctl-1 said of memory, for a program: an event a line.");
        Example("metricsd events service=nova-compute --follow", "What nova-compute says from now on.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string query = Query(call);
        using DaemonClient daemon = Connect(call);
        if (call.Value(_follow))
        {
            string path = $"/api/v1/events?{query}";
            await foreach (SseItem<string> item in EventFollower.FollowAsync(daemon, path, TimeProvider.System, cancel))
            {
                if (item.EventType == "dropped")
                    call.Error.WriteLine($"metricsd: some events were missed: {item.Data}");
                else
                    daemon.Read(daemon.Parse(Encoding.UTF8.GetBytes(item.Data)), one => Write(call, one));
            }
            return ExitCode.Ok;
        }
        int limit = call.Value(_limit) ?? DefaultLimit;
        JsonElement answer =
            await daemon.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/events?{query}&limit={limit}"), cancel);
        // The newest are asked for, and printed as they happened.
        daemon.Read(DataOf(answer, daemon), data =>
        {
            foreach (JsonElement one in data.GetProperty("events").EnumerateArray().Reverse())
                Write(call, one);
        });
        return ExitCode.Ok;
    }

    private string Query(Invocation call)
    {
        var query = new List<string>();
        foreach (string matcher in call.Value(_matchers))
        {
            try
            {
                _ = MatcherText.Parse(matcher);
            }
            catch (FormatException e)
            {
                throw new CommandException(ExitCode.Misuse, e.Message);
            }
            query.Add("match[]=" + Uri.EscapeDataString(matcher));
        }
        foreach ((string key, string? value) in new[] { ("from", call.Value(_from)), ("to", call.Value(_to)), ("text", call.Value(_text)) })
        {
            if (value is not null)
                query.Add($"{key}={Uri.EscapeDataString(value)}");
        }
        return string.Join('&', query);
    }

    private static void Write(Invocation call, JsonElement one)
    {
        if (call.WantsJson)
            call.Output.WriteLine(one.GetRawText());
        else
            EventText.Write(one, call.Output);
    }
}
