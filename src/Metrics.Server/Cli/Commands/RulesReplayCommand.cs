using System.CommandLine;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Storage.Samples.DuckDb;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd rules replay [FILE…]</c>: what rules would have done with stored samples and events.</summary>
internal sealed class RulesReplayCommand : DaemonCommand
{
    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "Rule files; the configuration's without any.",
        Arity = ArgumentArity.ZeroOrMore,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 7d for seven days ago, 2026-01-31, or 2026-01-31T12:00:00Z; 1d without it.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<string?> _compare = new("--compare")
    {
        HelpName = "OLD_FILE",
        Description = "Rules of before: shows what changed, as old → new.",
    };

    private readonly Option<bool> _messages =
        new("--messages") { Description = "Print every message too: when, to whom, what; JSON always holds them." };

    public RulesReplayCommand(CommonOptions common)
        : base(common, "replay", "Replay rules over stored samples and events: what fires, and how many messages each person gets.",
            Role.Viewer, TimeSpan.FromMinutes(5))
    {
        Add(_files);
        Add(_from);
        Add(_to);
        Add(_compare);
        Add(_messages);
        Add(common.Output);
        AddConnection();
        Example("metricsd rules replay my.yaml --from 7d", "My rules over the last week.");
        Example("metricsd rules replay my.yaml --from 1h --messages", "Every message that they would have been, in order.");
        Example("metricsd rules replay new.yaml --compare old.yaml --from 7d", "What a change of rules would have changed.");
        Example("metricsd rules replay my.yaml --url http://prometheus:9090", "With samples of any server that speaks Prometheus's API.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        if (!ExportRange.TryParse(call.Value(_from) ?? "1d", call.Value(_to), now, out ExportRange range, out string? error))
            throw new CommandException(ExitCode.Misuse, error!);
        MetricsOptions options = call.Source.Load();
        using DaemonClient daemon = Connect(call, options);
        var request = new ReplayRequest(call.Value(_files), call.Value(_compare), range, call.Value(_messages));
        return await ReplayCommand.RunAsync(call, options, request, daemon, cancel);
    }
}
