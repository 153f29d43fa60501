using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Testing;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Real logs of others, where there are some (METRICS_EXTRA_CASES), against what is noted of each line there.</summary>
public sealed class HostLogsExtraTests(ITestOutputHelper output)
{
    /// <summary>By loghub's number of the template; all others are log lines.</summary>
    private static readonly Dictionary<string, string> s_openSsh = new()
    {
        ["E1"] = "host.login success",
        ["E4"] = "host.login failure",
        ["E5"] = "host.login failure",
        ["E6"] = "host.login failure",
        ["E7"] = "host.login failure",
        ["E8"] = "host.login failure",
        ["E9"] = "host.login failure",
        ["E10"] = "host.login failure",
        ["E13"] = "host.login failure",
        ["E14"] = "host.login failure",
        ["E15"] = "host.login failure",
        ["E16"] = "host.login failure",
        ["E17"] = "host.login failure",
        ["E19"] = "host.login failure",
        ["E20"] = "host.login failure",
        ["E22"] = "host.logout",
        ["E23"] = "host.login success",
    };

    private static readonly Dictionary<string, string> s_linux = new()
    {
        ["E9"] = "host.login success",
        ["E13"] = "host.login failure",
        ["E14"] = "host.login failure",
        ["E15"] = "host.login failure",
        ["E16"] = "host.login failure",
        ["E17"] = "host.login failure",
        ["E18"] = "host.login failure",
        ["E19"] = "host.login failure",
        ["E31"] = "host.login failure",
        ["E37"] = "service.stop success",
        ["E38"] = "service.start success",
        ["E49"] = "service.start success",
        ["E58"] = "service.start success",
        ["E61"] = "host.login failure",
        ["E64"] = "service.start success",
        ["E65"] = "service.start success",
        ["E68"] = "host.reboot",
        ["E85"] = "service.start success",
        ["E90"] = "service.start success",
        ["E91"] = "host.login success",
        ["E92"] = "service.start success",
        ["E93"] = "service.start success",
        ["E94"] = "service.start success",
        ["E103"] = "host.login success",
        ["E106"] = "service.start success",
    };

    /// <summary>Who it is about and from where, by the look of it.</summary>
    private static readonly Regex s_who = new(
        @"(Failed|Accepted) \S+ for (invalid user )?(?<user>.*) from (?<source>\S+) port \d+|Invalid user (?<user>.*) from (?<source>\S+)"
        + @"|rhost=(?<source>\S*)(\s+user=(?<user>\S+))?|SRC=(?<source>\S+) DST=");

    /// <summary>What a line must be by the look of it, where nobody has noted more.</summary>
    private static readonly (Regex Text, string Kind)[] s_looks =
    [
        (new Regex("kernel: .* type=1400 .* operation=\"profile_(load|replace|remove)\""), EventKinds.ConfigChanged),
        (new Regex(" (account|container|object|proxy)-server: [0-9.]+ "), EventKinds.HttpRequest),
        (new(@"kernel: (\[ *\d+\.\d+\] )?Linux version "), EventKinds.HostReboot),
        (new(@": port \d+\(\S+\) enter(ed|ing) \w+ state"), EventKinds.NetworkBridge),
        (new(@"(entered|left) promiscuous mode"), EventKinds.NetworkLink),
        (new(@"link becomes ready|NIC Link is (Up|Down)"), EventKinds.NetworkLink),
        (new(@" IN=\S* OUT=\S* .*SRC="), EventKinds.FirewallPacket),
        (new(@"init: \S+ main process (\(\d+\) (terminated with|killed by (?!TERM))|ended, respawning)"), EventKinds.ServiceCrash),
        (new(@"systemd\[1\]: \S+\.service: (Failed with result|Main process exited, code=killed, status=(?!15))"), EventKinds.ServiceCrash),
        (new(@"systemd\[1\]: (Started|Failed to start) (?!Session|User Manager|Daily|.*[Tt]imer|.*\.(timer|socket|path|scope)).*"),
            EventKinds.ServiceStart),
        (new(@"systemd\[1\]: Stopped (?!target|User|.*\.(timer|socket|path|scope)).*"), EventKinds.ServiceStop),
        (new(@"(useradd|usermod|groupadd|chage|chfn|passwd)\[\d+\]: (new|add|group added to|change|lock|password for)"),
            EventKinds.HostAccount),
        (new(@"sshd\[\d+\]: Disconnected from user "), EventKinds.HostLogout),
        (new(@"sshd\[\d+\]: Server listening on "), EventKinds.Log),
        (new(@"sshd\[\d+\]: Received signal \d+; terminating"), EventKinds.ServiceStop),
        (new(@"sudo: +\S+ : .*COMMAND="), EventKinds.HostSudo),
        (new(@"sshd\[\d+\]: (Accepted \S+ for|Failed \S+ for|Invalid user)"), EventKinds.HostLogin),
        (new(@"pam_unix\(sshd:session\): session opened"), EventKinds.HostLogin),
        (new(@"pam_unix\(sshd:session\): session closed"), EventKinds.HostLogout),
        (new(@"pam_unix\((sudo|su)(-l)?:session\): session opened"), EventKinds.HostSudo),
        (new(@"rsyslogd: .*\] start$"), EventKinds.ServiceStart),
        (new(@"rsyslogd: .* exiting on signal"), EventKinds.ServiceStop),
        (new(@"systemd-logind\[\d+\]: System is (rebooting|powering down)"), EventKinds.HostReboot),
    ];

    [Fact]
    public void Extra_loghub_openssh() => CheckTemplates("loghub-openssh", s_openSsh, (_, kind) => kind);

    [Fact]
    public void Extra_loghub_linux() => CheckTemplates("loghub-linux", s_linux, (line, kind) => kind switch
    {
        null when line.Contains("sshd(pam_unix)", StringComparison.Ordinal) && line.Contains("session opened", StringComparison.Ordinal)
            => "host.login success",
        null when line.Contains("sshd(pam_unix)", StringComparison.Ordinal) && line.Contains("session closed", StringComparison.Ordinal)
            => "host.logout",
        null when line.Contains("login(pam_unix)", StringComparison.Ordinal) && line.Contains("session closed", StringComparison.Ordinal)
            => "host.logout",
        null when line.Contains("su(pam_unix)", StringComparison.Ordinal) && line.Contains("session opened", StringComparison.Ordinal)
            => "host.sudo success",
        _ => kind,
    });

    [Fact]
    public void Extra_fail2ban()
    {
        foreach (string name in (string[])["sshd", "sshd-journal", "pam-generic", "dropbear", "proftpd", "pure-ftpd", "recidive", "vsftpd"])
        {
            int right = 0, judged = 0;
            foreach ((string line, string host) in Cases.Extra("logs", "fail2ban", name + ".log").SelectMany(Judged))
            {
                LogRecord record = Read(line);
                bool isFailure = record.Kind is EventKinds.HostLogin or EventKinds.HostSudo && record[EventFields.Outcome] == "failure";
                bool isRight = (isFailure || record.Kind == EventKinds.IdsAlert)
                    && host == (record[EventFields.SourceIp] ?? record[EventFields.SourceDomain]);
                judged++;
                right += isRight ? 1 : 0;
                if (!isRight)
                    output.WriteLine($"{host} | {LogCases.Describe(record)} | {line}");
            }
            output.WriteLine($"fail2ban/{name}: {right} of {judged}");
            if (judged > 0)
                ((double)right / judged).Should().BeGreaterThan(0.7, name);
        }
    }

    [Fact]
    public void Extra_crowdsec()
    {
        Check("crowdsec", "sshd-invalid-bf.log", _ => "host.login failure");
        Check("crowdsec", "ssh-time-based-bf.log",
            l => l.Contains("Accepted", StringComparison.Ordinal) ? "host.login success" : "host.login failure");
        Check("crowdsec", "vsftpd-bf.log", _ => "host.login failure");
        Check("crowdsec", "pam-logs.log", _ => "host.sudo failure");
        Check("crowdsec", "iptables-scan-multi-port.log", _ => "firewall.packet");
    }

    [Fact]
    public void Extra_hotsos_and_devstack()
    {
        Check("hotsos", "syslog.log", Look);
        Check("hotsos", "kern.log", Look);
        Check("hotsos", "auth.log", Look);
        Check("os-loganalyze", "syslog*.log", Look);
    }

    private static string Look(string line)
    {
        foreach ((Regex text, string kind) in s_looks)
        {
            if (text.IsMatch(line))
                return kind;
        }
        return EventKinds.Log;
    }

    private void CheckTemplates(string source, Dictionary<string, string> kinds, Func<string, string?, string?> kindOf)
    {
        foreach (string file in Cases.Extra("logs", source, "*.log"))
        {
            string[] ids =
            [
                .. File.ReadLines(file + "_structured.csv").Skip(1)
                    .Select(l => Regex.Match(l, @",(E\d+),", RegexOptions.RightToLeft).Groups[1].Value),
            ];
            int at = 0;
            Check(source, Path.GetFileName(file), line => kindOf(line, kinds.GetValueOrDefault(ids[at++])) ?? EventKinds.Log);
        }
    }

    /// <summary>Compares kind, outcome where one is expected, user and source.</summary>
    private void Check(string source, string pattern, Func<string, string> expected)
    {
        foreach (string file in Cases.Extra("logs", source, pattern))
        {
            int right = 0, fits = 0, lines = 0;
            var kinds = new SortedDictionary<string, int>(StringComparer.Ordinal);
            foreach (string line in File.ReadLines(file).Where(l => l.Length > 0))
            {
                LogRecord record = Read(line);
                string wanted = expected(line);
                string kind = wanted.Contains(' ', StringComparison.Ordinal) ? $"{record.Kind} {record[EventFields.Outcome]}" : record.Kind;
                lines++;
                kinds[record.Kind] = kinds.GetValueOrDefault(record.Kind) + 1;
                fits += record.Has(EventFields.Dataset) ? 1 : 0;
                if (kind == wanted && IsWho(line, record))
                    right++;
                else
                    output.WriteLine($"wanted {wanted}: {LogCases.Describe(record)} | {line}");
            }
            output.WriteLine($"{file}: {lines} lines, {fits} with a format, {right} right; {string.Join(", ", kinds)}");
            ((double)right / lines).Should().BeGreaterThanOrEqualTo(0.99, file);
        }
    }

    private static bool IsWho(string line, LogRecord record)
    {
        Match who = s_who.Match(line);
        return record.Kind is not (EventKinds.HostLogin or EventKinds.FirewallPacket) || !who.Success
            || (who.Groups["user"].Value == (record[EventFields.UserName] ?? "")
                && who.Groups["source"].Value == (record[EventFields.SourceIp] ?? record[EventFields.SourceDomain] ?? ""));
    }

    private static LogRecord Read(string line)
    {
        var record = new LogRecord();
        new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now }).Read(Encoding.UTF8.GetBytes(line), record);
        return record;
    }

    /// <summary>
    /// Lines that must be a failure, from a host that is in the line: connections without a name, and those whose source stands in another
    /// line, are judged there too. A journal's lines have no time.
    /// </summary>
    private static IEnumerable<(string Line, string Host)> Judged(string file)
    {
        string? host = null;
        foreach (string line in File.ReadLines(file).Where(l => l.Length > 0))
        {
            if (line.StartsWith("# filterOptions", StringComparison.Ordinal) && line.Contains("ddos", StringComparison.Ordinal))
                yield break;
            if (line.StartsWith("# failJSON: ", StringComparison.Ordinal))
            {
                JsonElement golden = JsonDocument.Parse(line["# failJSON: ".Length..]).RootElement;
                bool matches = golden.GetProperty("match").GetBoolean();
                host = matches && golden.TryGetProperty("host", out JsonElement value) ? value.GetString() : null;
            }
            else if (line[0] != '#')
            {
                if (host is not null && line.Contains(host, StringComparison.Ordinal))
                    yield return (Regex.IsMatch(line, @"^\w+ \w+\[\d+\]:") ? "Nov 26 08:00:00 " + line : line, host);
                host = null;
            }
        }
    }
}
