using System.Text.Json;
using System.Text.RegularExpressions;
using Metrics.Model;

namespace Metrics.Tests.Rules.Labelled;

/// <summary>
/// The shipped rules over whole logs whose attacks are known: all are told, with the right origin and count, and nothing else. Logs of
/// others lie in METRICS_EXTRA_CASES, those of our own making beside the tests.
/// </summary>
public sealed partial class LabelledLogTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Logs of fail2ban's of which each line of abuse must be read. Of others what their programs write is none of ours, or names nobody.
    /// </summary>
    private static readonly string[] s_whole =
        ["dropbear", "proftpd", "pure-ftpd", "wuftpd", "pam-generic", "recidive", "vsftpd", "apache-modsecurity", "nginx-bad-request"];

    /// <summary>
    /// A log of sshd, PAM and a firewall, with people who mistype, and an access log, with clients that ask for what is gone.
    /// </summary>
    [Theory]
    [InlineData("edge", "HostBruteForce 203.0.113.7 22", "HostGuessing 203.0.113.7 22", "HostGuessing 203.0.113.8 5",
        "HostGuessingByPam dsl-7.example.net 7", "HostScanned 203.0.113.9 5", "PortsScanned 198.51.100.7 16")]
    [InlineData("database", "DatabaseGuessing 203.0.113.7 9")]
    [InlineData("web", "WebPathTraversal 198.51.100.8 3", "WebProbed 198.51.100.9 12")]
    public void Attacks_are_told_with_origin_and_count_and_nothing_else(string log, params string[] told) =>
        LogReplay.Run(LogReplay.Events(File.ReadLines(Cases.Own($"{log}.log"))))
            .Select(t => $"{t.Rule} {t.Origin} {t.Count}").Should().Equal(told);

    [Fact]
    public void Extra_loghub_openssh() => CheckGuessing("loghub-openssh", SshFailure(), ["HostGuessing"], ["HostBruteForce"]);

    [Fact]
    public void Extra_loghub_linux() => CheckGuessing(
        "loghub-linux", OldFailure(), ["HostGuessingByPam", "HostGuessing"], ["HostGuessingByPam", "HostBruteForce"]);

    [Fact]
    public void Extra_crowdsec()
    {
        var tally = new Tally("crowdsec");
        foreach (string file in Cases.Extra("logs", "crowdsec", "scenario.assert"))
        {
            string[] lines = [.. Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "*.log").SelectMany(File.ReadLines)];
            List<KnownAttack> known = CrowdSecLabels.Read(File.ReadAllText(file), lines);
            tally.Add(known, LogReplay.Run(LogReplay.Events(lines)));
        }
        Judge(tally);
    }

    /// <summary>Alerts of OSSEC and Wazuh: level 7 and more is told, by rule and address; less is not.</summary>
    [Theory]
    [InlineData("ossec-alerts")]
    [InlineData("wazuh-alerts")]
    public void Extra_alerts_of_others(string source)
    {
        const int Severe = 7;
        var tally = new Tally(source);
        foreach (string file in Cases.Extra("security", source, "*.json"))
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
            IEnumerable<JsonElement> alerts =
                json.RootElement.ValueKind == JsonValueKind.Array ? json.RootElement.EnumerateArray() : [json.RootElement];
            string log = Path.ChangeExtension(file, ".log");
            List<KnownAttack> known =
            [
                .. alerts.Where(a => a.ValueKind == JsonValueKind.Object && LevelOf(a) >= Severe)
                    .Select(a => new KnownAttack($"level {LevelOf(a)}", OriginOf(a), ["IntrusionDetected"], null))
                    .Distinct(),
            ];
            tally.Add(known, LogReplay.Run(LogReplay.Events(File.ReadLines(File.Exists(log) ? log : file))));
        }
        Judge(tally);
    }

    /// <summary>A line that fail2ban calls abuse is a failure, an alert or a request in vain from that address.</summary>
    [Fact]
    public void Extra_fail2ban()
    {
        (int all, int found, int harmless, int wrong) = (0, 0, 0, 0);
        foreach (string file in Cases.Extra("logs", "fail2ban", "*.log"))
        {
            (int Abuse, int Found) here = (0, 0);
            foreach ((JsonElement label, string line) in Fail2banLabels.Read(File.ReadLines(file)))
            {
                Event read = LogReplay.Events([line]).Single();
                bool isAbuse = label.GetProperty("match").GetBoolean();
                bool tells = IsTelling(read);
                if (!isAbuse)
                    (harmless, wrong) = (harmless + 1, wrong + (tells ? 1 : 0));
                else if (tells && label.TryGetProperty("host", out JsonElement host)
                    && host.GetString() == (read["source.ip"] ?? read["source.domain"]))
                    here = (here.Abuse + 1, here.Found + 1);
                else
                    here = (here.Abuse + 1, here.Found);
            }
            output.WriteLine($"{Path.GetFileNameWithoutExtension(file),-28} | {here.Abuse,3} lines of abuse | {here.Found,3} found");
            if (s_whole.Contains(Path.GetFileNameWithoutExtension(file)))
                here.Found.Should().Be(here.Abuse, file);
            (all, found) = (all + here.Abuse, found + here.Found);
        }
        output.WriteLine($"fail2ban | {all} lines of abuse | {found} found with their origin | {harmless} others | {wrong} of them told");
    }

    private static int LevelOf(JsonElement alert) => alert.TryGetProperty("rule", out JsonElement rule)
        && rule.ValueKind == JsonValueKind.Object && rule.TryGetProperty("level", out JsonElement inner) ? inner.GetInt32()
        : alert.TryGetProperty("level", out JsonElement level) && level.ValueKind == JsonValueKind.Number ? level.GetInt32() : 0;

    private static string OriginOf(JsonElement alert)
    {
        foreach (string name in (string[])["src_ip", "srcip"])
        {
            if (alert.TryGetProperty(name, out JsonElement address) && address.ValueKind == JsonValueKind.String)
                return address.GetString() is { } text && text != "(none)" ? text : "";
        }
        return alert.TryGetProperty("data", out JsonElement data) ? OriginOf(data) : "";
    }

    private static bool IsTelling(Event one) => one.Kind is EventKinds.IdsAlert or EventKinds.MalwareFound
        || (one.Kind is EventKinds.HostLogin or EventKinds.HostSudo or EventKinds.IdentityAuthenticate or EventKinds.HttpRequest
            && one["event.outcome"] == "failure");

    private void CheckGuessing(string source, Regex attempt, string[] few, string[] many)
    {
        const int Few = 4, Many = 20;
        foreach (string file in Cases.Extra("logs", source, "*.log"))
        {
            string[] lines = File.ReadAllLines(file);
            Dictionary<string, int> most = LineCounts.Most(lines, attempt, s_window);
            List<KnownAttack> known =
            [
                .. most.Where(m => m.Value > Few).OrderByDescending(m => m.Value)
                    .Select(m => new KnownAttack("guessing", m.Key, m.Value > Many ? many : few, m.Value)),
            ];
            var tally = new Tally($"{source}/{Path.GetFileName(file)}");
            tally.Add(known, LogReplay.Run(LogReplay.Events(lines)));
            Judge(tally);
        }
    }

    private void Judge(Tally tally)
    {
        output.WriteLine(tally.ToString());
        tally.Wrong.Should().BeEmpty();
        tally.False.Should().BeEmpty();
    }

    [GeneratedRegex(@"sshd\[\d+\]: (message repeated (?<times>\d+) times: \[ )?Failed \S+ for .* from (?<origin>\S+) port \d+")]
    private static partial Regex SshFailure();

    [GeneratedRegex(
        @"\(pam_unix\)\[\d+\]: authentication failure; .* rhost=(?<origin>\S+)|klogind\[\d+\]: Authentication failed from (?<origin>\S+) ")]
    private static partial Regex OldFailure();
}
