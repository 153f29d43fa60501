using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd identity failures</c>: which accounts fail to log in, and from where.</summary>
internal sealed class IdentityFailuresCommand : DaemonCommand
{
    private const int DefaultLimit = 20;

    private static readonly string[] s_heads = ["first", "last", "succeeded since", "why"];

    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 1h for an hour ago, or 2026-01-31T12:00:00Z; a day ago without it.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<int?> _limit = new("--limit")
    {
        HelpName = "COUNT",
        Description = $"How many accounts and how many addresses, those with the most failures; {DefaultLimit} without it.",
    };

    public IdentityFailuresCommand(CommonOptions common)
        : base(common, "failures", "List the accounts and addresses with the most log-ins that failed.", Role.Viewer,
            TimeSpan.FromSeconds(30))
    {
        Add(_from);
        Add(_to);
        Add(_limit);
        Add(common.Output);
        AddConnection();
        Example("metricsd identity failures --from 1h", "Who failed in the last hour, from where, and whether somebody got in since.");
        Example("metricsd identity failures --from 7d --limit 100 --output json", "The same of a week, for a program.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string query = QueryOf(("limit", Text(call.Value(_limit) ?? DefaultLimit)), ("from", call.Value(_from)), ("to", call.Value(_to)));
        return ShowAsync(call, $"/api/v1/identity/failures?{query}", Write, cancel);
    }

    private static void Write(JsonElement data, TextWriter to)
    {
        to.WriteLine($"{data.GetProperty("failures")} failures, {data.GetProperty("withoutAccount")} of them without an account");
        if (!data.GetProperty("complete").GetBoolean())
            to.WriteLine("There were more accounts or addresses than are counted: those with the fewest failures are left out.");
        Write(data, "accounts", ["account", "domain", "id"], "origins", "moreAccounts", to);
        Write(data, "origins", ["origin"], "accounts", "moreOrigins", to);
        WriteProxies(data, to);
    }

    private static void Write(JsonElement data, string list, string[] names, string others, string more, TextWriter to)
    {
        if (data.GetProperty(list).GetArrayLength() == 0)
            return;
        to.WriteLine();
        var table = new TextTable([.. names, "failures", "locked", others, .. s_heads], "failures", "locked", others);
        table.Write(
        [
            .. data.GetProperty(list).EnumerateArray().Select(one => (string[])
            [
                .. names.Select(n => TextCell.Text(one, n)), TextCell.Text(one, "failures"), TextCell.Text(one, "lockouts"),
                Others(one, others), TextCell.Time(one, "first"), TextCell.Time(one, "last"),
                one.GetProperty("succeededSince").GetBoolean() ? TextCell.Time(one, "lastSuccess") : "no", TextCell.Text(one, "reason"),
            ]),
        ], to);
        if (data.GetProperty(more).GetInt64() is > 0 and var rest)
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"and {rest} more"));
    }

    /// <summary>Those whose origin nobody has said: a proxy is no attacker, and is in no list of them.</summary>
    private static void WriteProxies(JsonElement data, TextWriter to)
    {
        foreach (JsonElement one in data.GetProperty("behindProxies").EnumerateArray())
        {
            to.WriteLine();
            to.WriteLine($"{TextCell.Text(one, "failures")} failures for {Others(one, "accounts")} accounts came from behind the proxy "
                + $"{TextCell.Text(one, "proxy")}, from {TextCell.Time(one, "first")} to {TextCell.Time(one, "last")}; "
                + "of whom, it is not known.");
        }
    }

    /// <summary>How many others there were, or at least: <c>1000+</c>.</summary>
    private static string Others(JsonElement one, string others)
    {
        bool hasMore = one.GetProperty(others == "origins" ? "hasMoreOrigins" : "hasMoreAccounts").GetBoolean();
        return TextCell.Text(one, others) + (hasMore ? "+" : "");
    }
}
