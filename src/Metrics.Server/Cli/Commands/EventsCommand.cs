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

    private readonly Option<string?> _about = new("--about")
    {
        HelpName = "FIELD=VALUE",
        Description = "What is known about an account, address, request, instance …: the events that have it, and those around them that "
            + "share their request, session, origin, account or host. Of the last day unless --from is given.",
    };

    private readonly Option<string?> _around = new("--around")
    {
        HelpName = "DURATION",
        Description = "With --about: how far around its events others are looked for; 30m without it.",
    };

    private readonly Option<string?> _text =
        new("--text") { HelpName = "TEXT", Description = "Only events whose body holds this, whatever its case." };

    private readonly Option<int?> _limit = new("--limit")
    {
        HelpName = "COUNT",
        Description = $"How many of the newest, at most {MaxLimit}; {DefaultLimit} without it. With --about how many have the value, "
            + "and how many others; 500 without it.",
    };

    public EventsCommand(CommonOptions common)
        : base(common, "events", "Read events, the newest last, or follow them.", Role.Viewer, TimeSpan.FromSeconds(30))
    {
        Add(_matchers);
        Add(_follow);
        Add(_from);
        Add(_to);
        Add(_text);
        Add(_about);
        Add(_around);
        Add(_limit);
        Add(common.Output);
        AddConnection();
        Validators.Add(result =>
        {
            if (result.GetResult(_about) is null && result.GetResult(_around) is not null)
                result.AddError("--around means nothing without --about");
            bool asksOtherwise =
                result.GetValue(_matchers) is { Length: > 0 } || result.GetValue(_follow) || result.GetResult(_text) is not null;
            if (result.GetResult(_about) is not null && asksOtherwise)
                result.AddError("--about goes with --around, --from, --to and --limit alone: no MATCHER, --text or --follow");
            if (!result.GetValue(_follow))
                return;
            if (result.GetResult(_to) is not null)
                result.AddError("--to means nothing with --follow");
            if (result.GetResult(_limit) is not null)
                result.AddError("--limit means nothing with --follow");
        });
        Example("metricsd events kind=identity.authenticate event.outcome=failure --from 1h", "Failed logins of the last hour.");
        Example("metricsd events host=ctl-1 --text oom --output json", "What ctl-1 said of memory, for a program: an event a line.");
        Example("metricsd events --about user.name=alice --around 10m --from 6h", "What alice did, and what happened around it.");
        Example("metricsd events service=nova-compute --follow", "What nova-compute says from now on.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string query = Query(call);
        using DaemonClient daemon = Connect(call);
        if (call.Value(_about) is { } about)
        {
            string asked = $"/api/v1/events/about?{AboutText.Question(about)}&{query}";
            daemon.Read(DataOf(await daemon.GetAsync(asked, cancel), daemon), data => AboutText.Write(data, call));
            return ExitCode.Ok;
        }
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
        JsonElement answer = await daemon.GetAsync($"/api/v1/events?{query}", cancel);
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
        string[] matchers = call.Value(_matchers);
        foreach (string matcher in matchers)
        {
            try
            {
                _ = MatcherText.Parse(matcher);
            }
            catch (FormatException e)
            {
                throw new CommandException(ExitCode.Misuse, e.Message);
            }
        }
        return QueryOf(
        [
            .. matchers.Select(m => ("match[]", (string?)m)),
            ("from", call.Value(_from)), ("to", call.Value(_to)), ("text", call.Value(_text)), ("around", call.Value(_around)),
            ("limit", Text(call.Value(_limit))),
        ]);
    }

    private static void Write(Invocation call, JsonElement one)
    {
        if (call.WantsJson)
            call.Output.WriteLine(one.GetRawText());
        else
            EventText.Write(one, call.Output);
    }
}
