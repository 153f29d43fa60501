using System.CommandLine;
using System.Text.Json;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Series;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd silence add MATCHER…</c>: nobody is notified of alerts that match.</summary>
internal sealed class SilenceAddCommand : DaemonCommand
{
    private static readonly TimeSpan s_usual = TimeSpan.FromHours(1);

    private readonly Argument<string[]> _matchers = new("MATCHER")
    {
        Description = "What alerts must meet, such as alertname=HostDown, host=~\"db.*\" or team!=web; a word alone is an alert's name.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _comment = new("--comment")
    {
        HelpName = "TEXT",
        Description = "Why nobody shall be notified.",
        Required = true,
    };

    private readonly Option<TimeSpan?> _duration = new("--duration")
    {
        HelpName = "DURATION",
        Description = "For how long; 1h without it.",
        CustomParser = Values.Duration("30m or 2h"),
    };

    private readonly Option<string?> _author = new("--author")
    {
        HelpName = "NAME",
        Description = "Who says so; the user's name without it.",
    };

    public SilenceAddCommand(CommonOptions common)
        : base(common, "add", "Notify nobody of alerts that match.", Role.Operator, TimeSpan.FromSeconds(30))
    {
        Add(_matchers);
        Add(_comment);
        Add(_duration);
        Add(_author);
        AddConnection();
        Example("metricsd silence add HostDown host=a --comment 'disk swap' --duration 2h", "Prints the id of the silence.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        Timestamp now = Timestamp.Of(TimeProvider.System.GetUtcNow());
        var silence = new
        {
            matchers = call.Value(_matchers).SelectMany(Read).Select(m => new
            {
                name = m.Name,
                value = m.Value,
                isRegex = m.Kind is MatchKind.Regex or MatchKind.NotRegex,
                isEqual = m.Kind is MatchKind.Equal or MatchKind.Regex,
            }).ToList(),
            startsAt = now.ToDateTimeOffset(),
            endsAt = (now + (call.Value(_duration) ?? s_usual)).ToDateTimeOffset(),
            createdBy = call.Value(_author) ?? Environment.UserName,
            comment = call.Value(_comment),
        };
        using DaemonClient daemon = Connect(call);
        JsonElement answer = await daemon.PostAsync("/api/v2/silences", silence, cancel);
        call.Output.WriteLine(daemon.Read(answer, a => a.GetProperty("silenceID").GetString()));
        return ExitCode.Ok;
    }

    /// <summary>A word without a sign is an alert's name, as amtool has it.</summary>
    private static IEnumerable<LabelMatcher> Read(string word)
    {
        bool hasSign = word.Contains('=', StringComparison.Ordinal) || word.Contains('~', StringComparison.Ordinal);
        try
        {
            return [.. MatcherText.Parse(hasSign ? word : $"alertname={word}")];
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Misuse, e.Message);
        }
    }
}
