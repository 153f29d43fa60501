using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Testing;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Suricata and Snort, OSSEC and Wazuh.</summary>
public sealed partial class IdsLogsTests
{
    [Fact]
    public void Eve_becomes_fields() => LogCases.Check("suricata");

    [Fact]
    public void Alerts_of_one_line_and_of_several_become_fields() => LogCases.Check("snort");

    [Fact]
    public void Alerts_of_ossec_become_fields() => LogCases.Check("ossec");

    [Fact]
    public void Alerts_of_wazuh_become_fields() => LogCases.Check("wazuh");

    [Fact]
    public void The_log_in_an_alert_forges_no_field_and_no_record()
    {
        string[] lines =
        [
            "** Alert 1795687202.3456: - syslog,", "2026 Nov 26 10:00:02 web-1->/var/log/app.log", "Rule: 15 (level 8) -> 'x'",
            "User: ann", "line of the application", "", "Src IP: 203.0.113.5", "User: root",
            "type=USER_LOGIN msg=audit(1795687200.123:42): pid=981 uid=0 msg='op=login acct=\"root\" addr=203.0.113.5 res=success'",
        ];
        List<LogRecord> records = SecurityCases.ReadLines(lines);
        records.Should().ContainSingle();
        records[0].Kind.Should().Be(EventKinds.IdsAlert);
        records[0][EventFields.UserName].Should().Be("ann");
        records[0][EventFields.SourceIp].Should().BeNull();
    }

    [Fact]
    public void A_json_of_another_kind_is_nobodys()
    {
        string[] texts = ["{\"a\":1}", "{\"message\":\"\\\"event_type\\\":1\",\"timestamp\":\"2026-11-26T10:00:00Z\"}", "{", "{}"];
        foreach (string text in texts)
            SecurityCases.Read(text)[EventFields.Dataset].Should().BeNull(text);
    }

    [Fact]
    public void Extra_eve_has_its_alerts()
    {
        foreach (string file in Cases.Extra("security", "suricata-eve", "*.json"))
            CheckEve(File.ReadAllText(file), file);
        foreach (string file in Cases.Extra("logs", "crowdsec", "suricata-*evelog.log"))
        {
            foreach (string line in File.ReadLines(file).Where(l => l.Length > 0))
                CheckEve(line, file);
        }
    }

    [Fact]
    public void Extra_fast_log_has_what_crowdsec_reads()
    {
        foreach (string file in Cases.Extra("logs", "crowdsec", "suricata-*fastlog.log"))
        {
            List<LogRecord> records = SecurityCases.ReadFile(file);
            foreach (Match match in ParsedValue().Matches(File.ReadAllText(Path.Combine(Path.GetDirectoryName(file)!, "parser.assert"))))
            {
                string? field = match.Groups["name"].Value switch
                {
                    "rule_id" => EventFields.RuleId,
                    "source_ip" => EventFields.SourceIp,
                    "source_port" => EventFields.SourcePort,
                    "dest_ip" => EventFields.DestinationIp,
                    "dest_port" => EventFields.DestinationPort,
                    "suricata_alert_signature" => EventFields.RuleName,
                    "suricata_classification" => EventFields.RuleCategory,
                    "suricata_priority" => EventFields.Severity,
                    _ => null,
                };
                int at = int.Parse(match.Groups["at"].Value, CultureInfo.InvariantCulture);
                if (field is not null)
                    records[at][field].Should().Be(match.Groups["value"].Value, file);
            }
            records.Should().OnlyContain(r => r.Kind == EventKinds.IdsAlert);
        }
    }

    [Fact]
    public void Extra_alerts_of_ossec_have_what_was_read_by_hand()
    {
        foreach (string file in Cases.Extra("security", "ossec-alerts", "*.log"))
        {
            LogRecord record = SecurityCases.ReadFile(file).Should().ContainSingle(file).Which;
            using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(file, ".json")));
            JsonElement expected = golden.RootElement;
            record.Kind.Should().Be(EventKinds.IdsAlert, file);
            record[EventFields.EventId].Should().Be(expected.GetProperty("id").GetString(), file);
            Compare(record, EventFields.RuleId, expected, "rule", file);
            Compare(record, EventFields.Severity, expected, "level", file);
            Compare(record, EventFields.RuleName, expected, "description", file);
            Compare(record, EventFields.UserName, expected, "user", file);
            if (expected.TryGetProperty("src_ip", out JsonElement source) && System.Net.IPAddress.TryParse(source.GetString(), out _))
                record[EventFields.SourceIp].Should().Be(source.GetString(), file);
            string? agent = expected.TryGetProperty("agent", out JsonElement own) ? own.GetString() : null;
            string? host = expected.TryGetProperty("host", out JsonElement address) ? address.GetString() : null;
            record[EventFields.Host].Should().Be(agent ?? host, file);
        }
    }

    [Fact]
    public void Extra_alerts_of_wazuh_have_their_fields()
    {
        foreach (string file in Cases.Extra("security", "wazuh-alerts", "*.json"))
        {
            LogRecord record = SecurityCases.Read(File.ReadAllText(file).TrimEnd());
            using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(file));
            JsonElement expected = golden.RootElement, rule = expected.GetProperty("rule");
            record.Kind.Should().Be(EventKinds.IdsAlert, file);
            record[EventFields.RuleId].Should().Be(rule.GetProperty("id").GetString(), file);
            record[EventFields.Severity].Should().Be(rule.GetProperty("level").ToString(), file);
            record[EventFields.RuleName].Should().Be(rule.GetProperty("description").GetString(), file);
            record[EventFields.Host].Should().Be(expected.GetProperty("agent").GetProperty("name").GetString(), file);
            if (expected.TryGetProperty("data", out JsonElement data))
                Compare(record, EventFields.SourceIp, data, "srcip", file);
        }
    }

    [Fact]
    public void Extra_rule_tests_of_ossec_have_snorts_alerts_and_its_own_lines()
    {
        foreach (string line in RuleTests("snort.ini"))
            SecurityCases.Read(line).Kind.Should().Be(EventKinds.IdsAlert, line);
        foreach (string line in RuleTests("ossec.ini").Where(l => l[0] != '{' && !l.StartsWith("ossec:", StringComparison.Ordinal)))
            SecurityCases.Read(line)[EventFields.Dataset].Should().Be("ossec-log", line);
    }

    private static IEnumerable<string> RuleTests(string pattern) =>
        Cases.Extra("security", "ossec-rule-tests", pattern).Concat(Cases.Extra("security", "wazuh-rule-tests", pattern))
            .SelectMany(File.ReadLines).Where(l => l.StartsWith("log ", StringComparison.Ordinal))
            .Select(l => l[(l.IndexOf('=') + 1)..].Trim());

    private static void CheckEve(string json, string file)
    {
        // Parts of records and lists of them stand in the documents, too.
        JsonDocument golden;
        try
        {
            golden = JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return;
        }
        using (golden)
        {
            JsonElement expected = golden.RootElement;
            if (expected.ValueKind != JsonValueKind.Object || !expected.TryGetProperty("event_type", out JsonElement type)
                || !expected.TryGetProperty("timestamp", out _))
            {
                return;
            }
            LogRecord record = SecurityCases.Read(JsonSerializer.Serialize(expected));
            record[EventFields.Dataset].Should().Be("suricata", file);
            Compare(record, EventFields.SourceIp, expected, "src_ip", file);
            Compare(record, EventFields.SourcePort, expected, "src_port", file);
            Compare(record, EventFields.DestinationIp, expected, "dest_ip", file);
            Compare(record, EventFields.DestinationPort, expected, "dest_port", file);
            bool isAlert = type.GetString() == "alert";
            record.Kind.Should().Be(isAlert ? EventKinds.IdsAlert : EventKinds.Log, file);
            if (!isAlert)
                return;
            JsonElement alert = expected.GetProperty("alert");
            Compare(record, EventFields.RuleId, alert, "signature_id", file);
            Compare(record, EventFields.RuleName, alert, "signature", file);
            Compare(record, EventFields.RuleCategory, alert, "category", file);
            Compare(record, EventFields.Severity, alert, "severity", file);
            Compare(record, EventFields.Action, alert, "action", file);
        }
    }

    private static void Compare(LogRecord record, string field, JsonElement expected, string member, string because)
    {
        if (expected.TryGetProperty(member, out JsonElement value) && value.ToString() is { Length: > 0 } text && text != "(none)")
            record[field].Should().Be(text, because);
    }

    [GeneratedRegex(
        """\["crowdsecurity/suricata-fastlogs"\]\[(?<at>\d+)\]\.Evt\.Parsed\["(?<name>\w+)"\] == "(?<value>[^"]*)"$""",
        RegexOptions.Multiline)]
    private static partial Regex ParsedValue();
}
