using System.CommandLine;
using Metrics.Access;
using Metrics.Configuration;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd logs ledger</c>: whether all lines of a time are there, and if not, what is missing and why.</summary>
internal sealed class LogsLedgerCommand : DaemonCommand
{
    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 1h for an hour ago, which is the default, or 2026-01-31T12:00:00Z.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<string?> _source = new("--source") { HelpName = "INPUT", Description = "Of one input, such as logs/nova." };

    private readonly Option<string?> _file =
        new("--file") { HelpName = "PATH", Description = "Of one file, or of those that a pattern with * finds." };

    private readonly Option<bool> _arrival =
        new("--by-arrival") { Description = "The times are those at which lines were read, not those that they say." };

    public LogsLedgerCommand(CommonOptions common)
        : base(common, "ledger", "Say whether all lines of a time are there; exit with 1 where some are missing.",
            Role.Viewer, TimeSpan.FromSeconds(30))
    {
        Add(_from);
        Add(_to);
        Add(_source);
        Add(_file);
        Add(_arrival);
        Add(common.Output);
        AddConnection();
        Example("metricsd logs ledger --from 2026-01-31T14:00:00Z --to 2026-01-31T15:00:00Z", "Whether a line of that hour was lost.");
        Example("metricsd logs ledger --from 1d --file '/var/log/nova/*'", "Each file of nova by hour: bytes, lines, what is missing.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string query = QueryOf(
            ("from", call.Value(_from)), ("to", call.Value(_to)), ("source", call.Value(_source)), ("file", call.Value(_file)),
            ("by", call.Value(_arrival) ? "arrival" : null));
        return ShowAsync(
            call, $"/api/v1/logs/ledger?{query}", LedgerText.Write, cancel, isGood: d => d.GetProperty("complete").GetBoolean());
    }
}
