using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd identity dormant</c>: which accounts have not logged in for long, and how sure that is.</summary>
internal sealed class IdentityDormantCommand : DaemonCommand
{
    private static readonly TextTable s_table = new(["account", "domain", "id", "state", "last log-in", "last failure", "why"]);

    private readonly Option<int?> _days =
        new("--days") { HelpName = "COUNT", Description = "For how many days they have not logged in; 90 without it." };

    private readonly Option<int?> _limit = new("--limit") { HelpName = "COUNT", Description = "How many at most; 100 without it." };

    public IdentityDormantCommand(CommonOptions common)
        : base(common, "dormant", "List accounts that have not logged in for long, and how sure that is.", Role.Viewer,
            TimeSpan.FromSeconds(30))
    {
        Add(_days);
        Add(_limit);
        Add(common.Output);
        AddConnection();
        Example("metricsd identity dormant", "Accounts that have not logged in for 90 days.");
        Example("metricsd identity dormant --days 30 --output json", "Of 30 days, for a program.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string query = QueryOf(("days", Text(call.Value(_days))), ("limit", Text(call.Value(_limit))));
        return ShowAsync(call, $"/api/v1/identity/dormant?{query}", Write, cancel);
    }

    private static void Write(JsonElement data, TextWriter to)
    {
        to.WriteLine(TextCell.Plain(data, "note"));
        if (!data.GetProperty("complete").GetBoolean())
            to.WriteLine("There were more accounts than are counted: some are left out.");
        s_table.Write(
        [
            .. data.GetProperty("accounts").EnumerateArray().Select(a => new[]
            {
                TextCell.Text(a, "account"), TextCell.Text(a, "domain"), TextCell.Text(a, "id"), TextCell.Text(a, "state"),
                TextCell.Time(a, "lastSuccess"), TextCell.Time(a, "lastFailure"), TextCell.Text(a, "why"),
            }),
        ], to);
        if (data.GetProperty("more").GetInt64() is > 0 and var rest)
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"and {rest} more"));
    }
}
