using System.Globalization;
using System.Text.RegularExpressions;

namespace Metrics.Tests.Rules.Labelled;

/// <summary>What the tests of CrowdSec's scenarios say of their logs: <c>scenario.assert</c>.</summary>
internal static partial class CrowdSecLabels
{
    private static readonly string[] s_guessing = ["HostGuessing", "HostBruteForce", "HostScanned"];

    /// <summary>Rules of ours by the scenario.</summary>
    private static readonly (string Scenario, string[] Rules)[] s_rules =
    [
        ("ssh-time-based-bf", ["HostUnknownAccountsTried"]),
        ("ssh-slow-bf", ["HostUnknownAccountsTried", .. s_guessing]),
        ("ssh-bf", ["HostUnknownAccountsTried", .. s_guessing]),
        ("ftpd-bf", s_guessing),
        ("mysql-bf", ["DatabaseGuessing"]),
        ("mariadb-bf", ["DatabaseGuessing"]),
        ("iptables-scan", ["PortsScanned"]),
        ("http-probing", ["WebProbed"]),
        ("http-path-traversal", ["WebPathTraversal"]),
        ("suricata-", ["IntrusionDetected"]),
        ("modsecurity", ["IntrusionDetected"]),
    ];

    /// <summary>Why no rule of ours tells others.</summary>
    private static readonly (string Scenario, string Why)[] s_reasons =
    [
        ("impossible-travel", "no country and no distance of an address is known"),
        ("auditd-", "what programs do that were started is for Sigma's rules to say"),
        ("http-cve", "paths of one product's hole are for Sigma's rules to say"),
        ("k8s-", "what is done in Kubernetes is no case of the guide"),
        ("kasm", "a log of a product that metricsd does not read"),
    ];

    /// <summary>The attacks of a case.</summary>
    /// <param name="text">Its assertions.</param>
    /// <param name="lines">Its log.</param>
    public static List<KnownAttack> Read(string text, IReadOnlyList<string> lines)
    {
        var known = new List<KnownAttack>();
        string[] scenarios = [.. Scenario().Matches(text).OrderBy(m => m.Index).Select(m => m.Groups["name"].Value)];
        foreach (Match source in Source().Matches(text).DistinctBy(m => m.Value))
        {
            string scenario = scenarios[int.Parse(source.Groups["at"].Value, CultureInfo.InvariantCulture)];
            string name = scenario[(scenario.IndexOf('/', StringComparison.Ordinal) + 1)..], origin = source.Groups["value"].Value;
            if (known.Exists(k => k.What == name && k.Origin == origin))
                continue;
            string[] rules = s_rules.FirstOrDefault(r => name.Contains(r.Scenario, StringComparison.Ordinal)).Rules ?? [];
            string why = s_reasons.FirstOrDefault(r => name.Contains(r.Scenario, StringComparison.Ordinal)).Why ?? "no rule of ours";
            known.Add(new KnownAttack(name, origin, rules, rules.Length == 0 ? null : CountOf(name, origin, lines), why));
        }
        return known;
    }

    /// <summary>
    /// All lines of these logs that name the origin are of the attack; of a scan each port counts once, of paths each of them.
    /// </summary>
    private static int CountOf(string scenario, string origin, IReadOnlyList<string> lines)
    {
        Regex what = scenario.Contains("scan", StringComparison.Ordinal) ? new Regex(@"SRC=(?<origin>\S+) .*(?<what>DPT=\d+)")
            : scenario.StartsWith("http-", StringComparison.Ordinal)
                ? new Regex(@"^(?<origin>\S+) \S+ \S+ \[.*?\] ""(?<what>.*)"" 4\d\d ")
            : new Regex(@"(?<what>.*\b(?<origin>[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)\b.*)");
        IEnumerable<(string What, int At)> of = lines.Index().Select(l => (Match: what.Match(l.Item), l.Index))
            .Where(m => m.Match.Success && m.Match.Groups["origin"].Value == origin)
            .Select(m => (m.Match.Groups["what"].Value, m.Index));
        bool countsOnce = scenario.StartsWith("http-probing", StringComparison.Ordinal)
            || scenario.Contains("scan", StringComparison.Ordinal);
        return countsOnce ? of.Select(o => o.What).Distinct().Count() : of.Count();
    }

    [GeneratedRegex(@"results\[(?<at>\d+)\]\.Overflow\.Alert\.GetScenario\(\) == ""(?<name>[^""]+)""")]
    private static partial Regex Scenario();

    [GeneratedRegex(@"results\[(?<at>\d+)\]\.Overflow\.Sources\[""[^""]*""\]\.GetValue\(\) == ""(?<value>[^""]+)""")]
    private static partial Regex Source();
}
