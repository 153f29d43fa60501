using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd identity weak</c>: whose password should be strengthened, and why.</summary>
internal sealed class IdentityWeakCommand : DaemonCommand
{
    private static readonly TextTable s_table =
        new(["account", "domain", "id", "failures", "locked", "last failure", "last log-in", "why"], "failures", "locked");

    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 7d for seven days ago, or 2026-01-31T12:00:00Z; 30 days ago without it.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<int?> _limit = new("--limit") { HelpName = "COUNT", Description = "How many at most; 100 without it." };

    public IdentityWeakCommand(CommonOptions common)
        : base(common, "weak", "List the accounts whose password should be strengthened, and why, the worst first.", Role.Viewer,
            TimeSpan.FromSeconds(30))
    {
        Add(_from);
        Add(_to);
        Add(_limit);
        Add(common.Output);
        AddConnection();
        Example("metricsd identity weak", "Whom somebody got into, guesses at or tries among many, in the last 30 days.");
        Example("metricsd identity weak --from 7d --output json", "Of a week, for a program.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string query = QueryOf(("from", call.Value(_from)), ("to", call.Value(_to)), ("limit", Text(call.Value(_limit))));
        return ShowAsync(call, $"/api/v1/identity/weak?{query}", Write, cancel);
    }

    private static void Write(JsonElement data, TextWriter to)
    {
        if (TextCell.Plain(data, "note") is { Length: > 0 } note)
            to.WriteLine(note);
        if (!data.GetProperty("complete").GetBoolean())
            to.WriteLine("There were more accounts than are counted: some are left out.");
        if (data.GetProperty("accounts").GetArrayLength() == 0)
            to.WriteLine("Nothing speaks against the password of any account.");
        s_table.Write(
        [
            .. data.GetProperty("accounts").EnumerateArray().Select(a => new[]
            {
                TextCell.Text(a, "account"), TextCell.Text(a, "domain"), TextCell.Text(a, "id"), TextCell.Text(a, "failures"),
                TextCell.Text(a, "lockouts"), TextCell.Time(a, "lastFailure"), TextCell.Time(a, "lastSuccess"),
                string.Join("; ", a.GetProperty("reasons").EnumerateArray().Select(r => TextCell.TextOrEmpty(r, "why"))),
            }),
        ], to);
        if (data.GetProperty("more").GetInt64() is > 0 and var rest)
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"and {rest} more"));
    }
}
