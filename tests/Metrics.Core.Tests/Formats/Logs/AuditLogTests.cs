using System.Globalization;
using System.Text.Json;
using Metrics.Formats.Logs;
using Metrics.Formats.Logs.Audit;
using Metrics.Model;
using Metrics.Testing;

namespace Metrics.Tests.Formats.Logs;

/// <summary>The audit log: lines joined to events, and what they mean.</summary>
public sealed class AuditLogTests
{
    [Fact]
    public void Events_become_fields() => LogCases.Check("auditd");

    [Fact]
    public void A_name_that_somebody_made_up_forges_neither_address_nor_outcome()
    {
        const string Name = "root\" addr=198.51.100.9 res=success";
        LogRecord record = SecurityCases.Read("type=USER_LOGIN msg=audit(1795687204.000:47): pid=985 uid=0 auid=4294967295 ses=4294967295 "
            + $"msg='op=login acct={Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(Name))} exe=\"/usr/sbin/sshd\" hostname=? "
            + "addr=192.0.2.66 terminal=ssh res=failed'");
        record.Kind.Should().Be(EventKinds.HostLogin);
        record[EventFields.UserName].Should().Be(Name);
        record[EventFields.SourceIp].Should().Be("192.0.2.66");
        record[EventFields.Outcome].Should().Be("failure");
    }

    [Fact]
    public void Sessions_of_services_are_no_logins()
    {
        foreach (string type in (string[])["USER_START", "USER_AUTH", "USER_ACCT", "CRED_ACQ", "LOGIN"])
        {
            foreach (string program in (string[])["/usr/sbin/cron", "/usr/lib/systemd/systemd", "/usr/sbin/sshd"])
            {
                SecurityCases.Read($"type={type} msg=audit(1795687204.000:47): pid=1 uid=0 auid=0 ses=1 msg='op=PAM:x acct=\"root\" "
                    + $"exe=\"{program}\" hostname=? addr=? terminal=? res=success'").Kind.Should().Be(EventKinds.Log);
            }
        }
    }

    [Fact]
    public void A_record_in_the_kernels_log_is_read_too()
    {
        var record = new LogRecord();
        AuditMessages.TryReadKernel(
            "audit: type=1400 audit(1795687903.000:123): apparmor=\"DENIED\" profile=\"x\" name=\"/etc/shadow\""u8, record)
            .Should().BeTrue();
        record[EventFields.FilePath].Should().Be("/etc/shadow");
        record[EventFields.Outcome].Should().Be("failure");
        AuditMessages.TryReadKernel("audit: initializing netlink subsys (disabled)"u8, record).Should().BeFalse();
        AuditMessages.TryReadKernel("PCI host bridge to bus 0000:00"u8, record).Should().BeFalse();
    }

    [Fact]
    public void Extra_lines_of_go_libaudit_have_their_time_serial_and_type()
    {
        foreach (string file in Cases.Extra("security", "auditd-go-libaudit/parse", "*.golden"))
        {
            using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(file));
            foreach (JsonElement expected in golden.RootElement.EnumerateArray())
            {
                if (!expected.TryGetProperty("raw_msg", out JsonElement raw))
                    continue;
                string type = expected.GetProperty("record_type").GetString()!;
                LogRecord record = SecurityCases.Read($"type={type.ToUpperInvariant()} msg={raw.GetString()}");
                record[EventFields.Dataset].Should().Be("auditd");
                record[EventFields.Action].Should().Be(type.ToLowerInvariant());
                record[EventFields.EventId].Should().Be(expected.GetProperty("sequence").GetInt64().ToString(CultureInfo.InvariantCulture));
                DateTimeOffset time = DateTimeOffset.Parse(expected.GetProperty("@timestamp").GetString()!, CultureInfo.InvariantCulture);
                record.Time.Should().Be(time.ToUnixTimeMilliseconds() * 1_000_000);
            }
        }
    }

    [Fact]
    public void Extra_events_of_go_libaudit_have_its_result_user_address_and_process()
    {
        foreach (string file in Cases.Extra("security", "auditd-go-libaudit/coalesce", "*.golden"))
        {
            Dictionary<string, List<string>> lines = LinesByTest(file[..^".json.golden".Length] + ".yaml");
            using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(file));
            foreach (JsonElement test in golden.RootElement.EnumerateArray())
            {
                string name = test.GetProperty("test_name").GetString()!;
                List<LogRecord> records = SecurityCases.ReadLines(lines[name]);
                records.Should().ContainSingle($"{name} of {file} is one event");
                Compare(records[0], test.GetProperty("event"), name);
            }
        }
    }

    [Fact]
    public void Extra_files_are_read_whole()
    {
        foreach (string file in Cases.Extra("security", "auditd-userspace", "*.log")
            .Concat(Cases.Extra("security", "auditd-go-libaudit", "*.log")).Concat(Cases.Extra("logs", "crowdsec", "auditd-*.log")))
        {
            foreach (LogRecord record in SecurityCases.ReadFile(file))
                record[EventFields.Dataset].Should().Be("auditd", file);
        }
    }

    private static void Compare(LogRecord record, JsonElement expected, string name)
    {
        record[EventFields.EventId].Should().Be(expected.GetProperty("sequence").GetInt64().ToString(), name);
        record[EventFields.Action].Should().Be(expected.GetProperty("record_type").GetString(), name);
        string? result = expected.GetProperty("result").GetString();
        if (result is "success" or "fail")
            record[EventFields.Outcome].Should().Be(result == "fail" ? "failure" : result, name);
        if (expected.TryGetProperty("process", out JsonElement process))
        {
            if (process.TryGetProperty("exe", out JsonElement exe))
                record[EventFields.Executable].Should().Be(exe.GetString(), name);
            if (process.TryGetProperty("pid", out JsonElement pid))
                record[EventFields.ProcessId].Should().Be(pid.GetString(), name);
            if (process.TryGetProperty("name", out JsonElement own))
                record[EventFields.ProcessName].Should().Be(own.GetString(), name);
            if (process.TryGetProperty("title", out JsonElement title) && !process.TryGetProperty("args", out _))
                record[EventFields.CommandLine].Should().Be(title.GetString(), name);
            if (process.TryGetProperty("args", out JsonElement args))
                record[EventFields.CommandLine].Should().Be(string.Join(' ', args.EnumerateArray().Select(a => a.GetString())), name);
        }
        if (record.Kind is EventKinds.HostLogin && expected.GetProperty("data").TryGetProperty("acct", out JsonElement account))
            record[EventFields.UserName].Should().Be(account.GetString(), name);
        if (expected.TryGetProperty("source", out JsonElement source))
            record[EventFields.SourceIp].Should().Be(source.GetProperty("ip").GetString(), name);
        if (expected.TryGetProperty("destination", out JsonElement destination))
        {
            record[EventFields.DestinationIp].Should().Be(destination.GetProperty("ip").GetString(), name);
            record[EventFields.DestinationPort].Should().Be(destination.GetProperty("port").GetString(), name);
        }
        KindOf(expected.GetProperty("record_type").GetString()!).Should().Be(record.Kind, name);
    }

    private static string KindOf(string type) => type switch
    {
        "user_login" => EventKinds.HostLogin,
        "user_logout" => EventKinds.HostLogout,
        "service_start" => EventKinds.ServiceStart,
        "service_stop" => EventKinds.ServiceStop,
        "config_change" => EventKinds.ConfigChanged,
        "netfilter_cfg" => EventKinds.FirewallChanged,
        "anom_abend" => EventKinds.ServiceCrash,
        _ => EventKinds.Log,
    };

    /// <summary>The lines of a test in a file of YAML such as theirs: two blanks and a name, then four and a line.</summary>
    private static Dictionary<string, List<string>> LinesByTest(string path)
    {
        var tests = new Dictionary<string, List<string>>();
        List<string> open = [];
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith("    type=", StringComparison.Ordinal))
                open.Add(line.Trim());
            else if (line.StartsWith("  ", StringComparison.Ordinal) && line.TrimEnd()[^1] is '|' or '>')
                tests[line.Trim().TrimEnd('|', '>', ' ').TrimEnd(':')] = open = [];
        }
        return tests;
    }
}
