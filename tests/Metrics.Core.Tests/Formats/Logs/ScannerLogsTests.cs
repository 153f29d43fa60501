using System.Text.Json;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Testing;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Tools that look at files (ClamAV, AIDE, Tripwire, rkhunter, chkrootkit) and at what runs (Falco), and access to it.</summary>
public sealed class ScannerLogsTests
{
    [Fact]
    public void ClamAv_becomes_fields() => LogCases.Check("clamav");

    [Fact]
    public void Reports_become_fields() => LogCases.Check("scanners");

    [Theory]
    [InlineData("/srv/a: b: Test.Marker-1 FOUND", "/srv/a: b", "Test.Marker-1")]
    [InlineData("/srv/x: Fake.Sig-1 FOUND: Test.Marker-1 FOUND", "/srv/x: Fake.Sig-1 FOUND", "Test.Marker-1")]
    [InlineData("/srv/ends OK: Test.Marker-1 FOUND", "/srv/ends OK", "Test.Marker-1")]
    public void A_file_whose_name_looks_like_a_result_is_that_file(string line, string path, string signature)
    {
        foreach (string header in (string[])["", "Thu Nov 26 10:00:00 2026 -> ", "Nov 26 10:00:00 web-1 clamd[700]: "])
        {
            LogRecord record = SecurityCases.Read(header + line);
            record.Kind.Should().Be(EventKinds.MalwareFound);
            record[EventFields.FilePath].Should().Be(path);
            record[EventFields.RuleName].Should().Be(signature);
        }
    }

    [Theory]
    [InlineData("/srv/x: Test.Marker-1 FOUND: OK")]
    [InlineData("Checking `ls'...   not infected")]
    [InlineData("[10:00:00]   Checking for possible rootkit strings   [ None found ]")]
    [InlineData("AIDE found NO differences between database and filesystem. Looks okay!!")]
    public void Nothing_found_is_nothing(string line) => SecurityCases.Read(line).Kind.Should().Be(EventKinds.Log);

    [Theory]
    [InlineData("AIDE found NO differences between database and filesystem. Looks okay!!", "aide")]
    [InlineData("AIDE found differences between database and filesystem!!", "aide")]
    [InlineData("Total violations found:  0", "tripwire")]
    [InlineData("[10:00:08] Info: End date is Thu Nov 26 10:00:08 UTC 2026", "rkhunter")]
    [InlineData("Checking `OSX_RSPLUG'...                                    not tested", "chkrootkit")]
    [InlineData("Infected files: 0", "clamav")]
    [InlineData("Thu Nov 26 10:00:20 2026 -> main.cvd database is up-to-date (version: 62, sigs: 6647427)", "freshclam")]
    [InlineData("2026/11/26 10:00:00 ossec-syscheckd: INFO: Ending syscheck scan.", "syscheck")]
    [InlineData("2026/11/26 10:00:01 wazuh-syscheckd: INFO: (6009): File integrity monitoring scan ended.", "syscheck")]
    [InlineData("2026/11/26 10:00:02 ossec-rootcheck: INFO: Ending rootcheck scan.", "rootcheck")]
    public void Who_is_through_with_a_look_says_so(string line, string detector)
    {
        LogRecord record = SecurityCases.Read(line);
        record[EventFields.ScanState].Should().Be("finished");
        record[EventFields.ObserverName].Should().Be(detector);
    }

    [Theory]
    [InlineData("Start timestamp: 2026-11-26 10:00:00 +0100 (AIDE 0.18.3)")]
    [InlineData("[10:00:00] Info: Start date is Thu Nov 26 10:00:00 UTC 2026")]
    [InlineData("Checking `ls'...                                            not infected")]
    [InlineData("2026/11/26 10:00:03 wazuh-syscheckd: INFO: (6008): File integrity monitoring scan started.")]
    [InlineData("Thu Nov 26 10:00:20 2026 -> ClamAV update process started at Thu Nov 26 10:00:20 2026")]
    public void Who_begins_is_not_through(string line) => SecurityCases.Read(line).Has(EventFields.ScanState).Should().BeFalse();

    [Fact]
    public void Extra_clamav_has_what_its_facts_say()
    {
        foreach (string file in Cases.Extra("security", "clamav", "facts.json"))
        {
            using JsonDocument facts = JsonDocument.Parse(File.ReadAllText(file));
            string folder = Path.GetDirectoryName(file)!;
            CheckFound(Path.Combine(folder, "clamd.log"), facts.RootElement.GetProperty("clamd_detections"));
            CheckFound(Path.Combine(folder, "clamscan.log"), facts.RootElement.GetProperty("clamscan_infected"));
            CheckFound(Path.Combine(folder, "clamscan.stdout"), facts.RootElement.GetProperty("clamscan_infected"));
            SecurityCases.ReadFile(Path.Combine(folder, "clamd.log")).Should().OnlyContain(r => r.Has(EventFields.Dataset));
        }
    }

    [Fact]
    public void Extra_teleport_and_kubernetes_are_read()
    {
        foreach (string file in Cases.Extra("logs", "crowdsec", "teleport-*.log"))
        {
            foreach (LogRecord record in SecurityCases.ReadFile(file))
            {
                record.Kind.Should().Be(EventKinds.HostLogin);
                record[EventFields.SourceIp].Should().NotBeNull();
                record[EventFields.UserName].Should().NotBeNull();
            }
        }
        foreach (string file in Cases.Extra("logs", "crowdsec", "k8s-*.log"))
            SecurityCases.ReadFile(file).Should().OnlyContain(r => r[EventFields.Dataset] == "kubernetes-audit");
    }

    private static void CheckFound(string file, JsonElement expected)
    {
        var found = SecurityCases.ReadFile(file).Where(r => r.Kind == EventKinds.MalwareFound)
            .Select(r => (r[EventFields.FilePath], r[EventFields.RuleName]));
        found.Should().Equal(
            expected.EnumerateArray().Select(e => (e.GetProperty("path").GetString(), e.GetProperty("signature").GetString())),
            file);
    }
}
