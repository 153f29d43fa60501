using System.CommandLine;
using Metrics.Access;
using Metrics.Configuration;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd silence expire ID…</c>: ends silences now.</summary>
internal sealed class SilenceExpireCommand : DaemonCommand
{
    private readonly Argument<string[]> _ids = new("ID")
    {
        Description = "Ids of silences, as add and list print them.",
        Arity = ArgumentArity.OneOrMore,
    };

    public SilenceExpireCommand(CommonOptions common)
        : base(common, "expire", "End silences now.", Role.Operator, TimeSpan.FromSeconds(30))
    {
        Add(_ids);
        AddConnection();
        Example("metricsd silence expire 2c1b7d0e-5c0a-4b0e-9a35-4d2f0f1f7a10", "People are notified again of what still fires.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        using DaemonClient daemon = Connect(call);
        foreach (string id in call.Value(_ids))
            await daemon.DeleteAsync($"/api/v2/silence/{Uri.EscapeDataString(id)}", cancel);
        return ExitCode.Ok;
    }
}
