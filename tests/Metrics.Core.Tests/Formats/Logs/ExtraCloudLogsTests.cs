using System.Globalization;
using System.Text;
using System.Text.Json;
using Metrics.Formats.Logs;
using Metrics.Formats.Logs.OpenStack;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>The cloud's logs of others, with what those say about them (METRICS_EXTRA_CASES); without them nothing is to do.</summary>
public sealed class ExtraCloudLogsTests(ITestOutputHelper output)
{
    private readonly LogRecord _record = new();

    [Fact]
    public void Loghub_OpenStack()
    {
        foreach (string file in Cases.Extra("logs", "loghub-openstack", "*.log"))
        {
            List<Dictionary<string, string>> golden = Csv(file + "_structured.csv");
            string[] lines = File.ReadAllLines(file);
            for (int at = 0; at < lines.Length; at++)
            {
                LogRecord record = Read(lines[at]);
                Dictionary<string, string> row = golden[at];
                string content = row["Content"];
                string expected = content.Contains("status: ", StringComparison.Ordinal) ? EventKinds.HttpRequest
                    : content.Contains("Instance spawned", StringComparison.Ordinal) ? EventKinds.ResourceCreated
                    : content.Contains("to destroy the instance on", StringComparison.Ordinal) ? EventKinds.ResourceDeleted
                    : EventKinds.Log;
                record.Kind.Should().Be(expected, lines[at]);
                record[EventFields.Level].Should().Be(row["Level"]);
                record[EventFields.Logger].Should().Be(row["Component"]);
                record[EventFields.ProcessId].Should().Be(row["Pid"]);
                Time(record).Should().Be($"{row["Date"]} {row["Time"]}");
                if (row["ADDR"].StartsWith("req-", StringComparison.Ordinal))
                    record[EventFields.RequestId].Should().Be(row["ADDR"].Split(' ')[0]);
                if (expected == EventKinds.HttpRequest)
                    Chain(record).Should().Be(content.Split(' ')[0]);
            }
            output.WriteLine($"{Path.GetFileName(file)}: {lines.Length} lines");
        }
    }

    /// <summary>For whom the request was forwarded, and who has connected.</summary>
    private static string Chain(LogRecord record) =>
        string.Join(',', new[] { record[EventFields.SourceForwarded], record[EventFields.SourceIp] }.OfType<string>());

    [Fact]
    public void Loghub_Apache()
    {
        foreach (string file in Cases.Extra("logs", "loghub-apache", "*.log"))
        {
            List<Dictionary<string, string>> golden = Csv(file + "_structured.csv");
            string[] lines = File.ReadAllLines(file);
            for (int at = 0; at < lines.Length; at++)
            {
                LogRecord record = Read(lines[at]);
                record.Kind.Should().Be(EventKinds.Log);
                record[EventFields.Dataset].Should().Be("apache-error");
                record[EventFields.Level].Should().Be(golden[at]["Level"]);
            }
            output.WriteLine($"{Path.GetFileName(file)}: {lines.Length} lines");
        }
    }

    /// <summary>Counts of records, levels and requests, made with an expression of others.</summary>
    [Theory]
    [InlineData("os-loganalyze")]
    [InlineData("hotsos")]
    public void Oslo_log_counts(string source)
    {
        foreach (string file in Cases.Extra("logs", source, "*.log"))
        {
            using JsonDocument facts = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(file, ".facts.json")));
            int expected = facts.RootElement.GetProperty("record_lines").GetInt32();
            LogReader reader = Reader();
            int records = 0, formats = 0, all = 0;
            var levels = new SortedDictionary<string, int>(StringComparer.Ordinal);
            var requests = new HashSet<string>(StringComparer.Ordinal);
            foreach (string line in File.ReadLines(file))
            {
                all++;
                bool fits = reader.Read(Encoding.UTF8.GetBytes(line), _record);
                formats += fits || reader.JoinFor("2"u8)?.Invoke("2"u8, Encoding.UTF8.GetBytes(line)) == true ? 1 : 0;
                if (!fits || _record[EventFields.Dataset] != "oslo" || _record.Has(EventFields.Host))
                    continue;
                records++;
                string level = _record[EventFields.Level]!;
                levels[level] = levels.GetValueOrDefault(level) + 1;
                if (_record[EventFields.RequestId] is { } request)
                    requests.Add(request);
                if (_record[EventFields.GlobalRequestId] is { } global)
                    requests.Add(global);
            }
            output.WriteLine($"{Path.GetFileName(file)}: {all} lines, {formats} with a format, {records} records of oslo.log");
            records.Should().Be(expected, file);
            foreach (JsonProperty level in facts.RootElement.GetProperty("levels").EnumerateObject())
                levels[level.Name].Should().Be(level.Value.GetInt32(), file);
            requests.Count.Should().Be(facts.RootElement.GetProperty("distinct_request_ids_in_context").GetInt32(), file);
        }
    }

    [Fact]
    public void Keystone_access()
    {
        foreach (string file in Cases.Extra("logs", "keystone-access", "*.log"))
        {
            using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(file, ".json")));
            JsonElement root = golden.RootElement;
            string line = File.ReadAllText(file).TrimEnd('\n');
            LogRecord record = Read(line);
            output.WriteLine($"{Path.GetFileName(file)}: {LogCases.Describe(record)}");
            if (root.TryGetProperty("status", out JsonElement status))
            {
                record.Kind.Should().Be(EventKinds.HttpRequest, line);
                record[EventFields.HttpStatus].Should().Be(status.GetRawText());
                record[EventFields.HttpBytes].Should().Be(root.GetProperty("bytes").GetRawText());
                record[EventFields.HttpMethod].Should().Be(root.GetProperty("method").GetString());
                record[EventFields.Url].Should().Be(root.GetProperty("path").GetString());
                if (root.GetProperty("client").GetString() is { } client)
                    Chain(record).Split(',')[0].Should().Be(client);
            }
            else if (root.TryGetProperty("failed_login", out JsonElement failed))
            {
                record.Kind.Should().Be(EventKinds.IdentityAuthenticate, line);
                record[EventFields.Outcome].Should().Be(failed.GetBoolean() ? "failure" : "success");
                if (root.TryGetProperty("user", out JsonElement user))
                    record[EventFields.UserName].Should().Be(user.GetString());
            }
        }
    }

    /// <summary>What fail2ban's own tests say of each line.</summary>
    [Theory]
    [InlineData("apache-*.log")]
    [InlineData("nginx-*.log")]
    [InlineData("haproxy*.log")]
    [InlineData("mysqld*.log")]
    public void Fail2ban(string pattern)
    {
        foreach (string file in Cases.Extra("logs", "fail2ban", pattern))
        {
            string? host = null;
            int lines = 0, right = 0;
            foreach (string line in File.ReadLines(file))
            {
                if (line.StartsWith("# failJSON:", StringComparison.Ordinal))
                {
                    using JsonDocument json = JsonDocument.Parse(line[11..]);
                    host = json.RootElement.TryGetProperty("host", out JsonElement h) ? h.GetString() : null;
                    continue;
                }
                // Lines without the time of syslog's header are what a journal holds, not what a file does.
                if (host is null || line.Length == 0 || line[0] == '#' || line.StartsWith("host ", StringComparison.Ordinal))
                    continue;
                lines++;
                LogRecord record = Read(line);
                bool isRight = record[EventFields.SourceIp] == host;
                right += isRight ? 1 : 0;
                if (!isRight)
                    output.WriteLine($"{host}: {line}");
                host = null;
            }
            output.WriteLine($"{Path.GetFileName(file)}: {right} of {lines} lines");
            right.Should().Be(lines, file);
        }
    }

    /// <summary>What CrowdSec's own tests say of each line.</summary>
    [Theory]
    [InlineData("apache")]
    [InlineData("http")]
    [InlineData("nginx")]
    [InlineData("haproxy")]
    [InlineData("modsecurity")]
    [InlineData("mysql")]
    [InlineData("mariadb")]
    public void Crowdsec(string prefix)
    {
        foreach (string file in Cases.Extra("logs", "crowdsec", "*.log").Where(f => Folder(f).StartsWith(prefix, StringComparison.Ordinal)))
        {
            string assertions = Path.Combine(Path.GetDirectoryName(file)!, "parser.assert");
            Dictionary<int, Dictionary<string, string>> golden = File.Exists(assertions) ? Assertions(assertions) : [];
            string[] lines = [.. File.ReadLines(file).Where(l => l.Length > 0)];
            for (int at = 0; at < lines.Length; at++)
            {
                LogReader reader = Reader();
                bool fits = reader.Read(Encoding.UTF8.GetBytes(lines[at]), _record);
                output.WriteLine($"{(fits ? LogCases.Describe(_record) : "?")}    {lines[at][..Math.Min(lines[at].Length, 200)]}");
                fits.Should().BeTrue(lines[at]);
                Dictionary<string, string> meta = golden.GetValueOrDefault(at, []);
                Same(meta, "source_ip", EventFields.SourceIp);
                Same(meta, "http_status", EventFields.HttpStatus);
                Same(meta, "http_verb", EventFields.HttpMethod);
                Same(meta, "http_user_agent", EventFields.UserAgent);
                Same(meta, "user", EventFields.UserName);
                if (meta.TryGetValue("log_type", out string? type) && type == "http_access-log")
                    _record.Kind.Should().Be(EventKinds.HttpRequest, lines[at]);
                if (prefix == "modsecurity")
                    _record.Kind.Should().Be(EventKinds.IdsAlert, lines[at]);
            }
        }
    }

    [Fact]
    public void Notifications_of_others()
    {
        int read = 0, all = 0;
        foreach (string source in new[] { "cadf", "nova", "ceilometer" })
        {
            foreach (string file in Cases.Extra("openstack-notifications", source, "*.json"))
            {
                all++;
                _record.Clear();
                byte[] json = File.ReadAllBytes(file);
                bool fits = Notifications.TryRead(json, new LogContext(TimeZoneInfo.Utc), _record);
                read += fits ? 1 : 0;
                output.WriteLine($"{Path.GetFileName(file)}: {(fits ? LogCases.Describe(_record) : "?")}");
                string type = JsonDocument.Parse(json).RootElement is { ValueKind: JsonValueKind.Object } root
                    && root.TryGetProperty("event_type", out JsonElement e) ? e.GetString()! : "";
                if (type.Length > 0)
                    fits.Should().BeTrue(file);
                if (type == "identity.authenticate")
                    _record.Kind.Should().BeOneOf(EventKinds.IdentityAuthenticate, EventKinds.IdentityLockout);
                else if (type.EndsWith("delete.end", StringComparison.Ordinal))
                    _record.Kind.Should().Be(EventKinds.ResourceDeleted, file);
                else if (type.EndsWith("create.end", StringComparison.Ordinal))
                    _record.Kind.Should().Be(EventKinds.ResourceCreated, file);
                else if (type.EndsWith(".start", StringComparison.Ordinal))
                    _record.Kind.Should().Be(EventKinds.Log, file);
            }
        }
        output.WriteLine($"{read} of {all} files");
    }

    private LogRecord Read(string line)
    {
        Reader().Read(Encoding.UTF8.GetBytes(line), _record).Should().BeTrue(line);
        return _record;
    }

    private static LogReader Reader() => new(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now });

    private static string Folder(string file) => Path.GetFileName(Path.GetDirectoryName(file)!);

    private static string Time(LogRecord record) =>
        DateTime.UnixEpoch.AddTicks(record.Time!.Value / 100).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private void Same(Dictionary<string, string> meta, string name, string field)
    {
        if (meta.TryGetValue(name, out string? value) && value.Length > 0 && value != "-")
            _record[field].Should().Be(value);
    }

    /// <summary><c>results["stage"]["parser"][3].Evt.Meta["source_ip"] == "192.0.2.7"</c></summary>
    private static Dictionary<int, Dictionary<string, string>> Assertions(string file)
    {
        var golden = new Dictionary<int, Dictionary<string, string>>();
        foreach (string line in File.ReadLines(file))
        {
            int meta = line.IndexOf("].Evt.Meta[\"", StringComparison.Ordinal);
            int equals = line.IndexOf("\"] == \"", StringComparison.Ordinal);
            if (meta < 0 || equals < 0)
                continue;
            int open = line.LastIndexOf('[', meta);
            int at = int.Parse(line[(open + 1)..meta], CultureInfo.InvariantCulture);
            if (!golden.TryGetValue(at, out Dictionary<string, string>? one))
                golden[at] = one = [];
            one[line[(meta + 12)..equals]] = line[(equals + 7)..^1].Replace("\\\"", "\"", StringComparison.Ordinal);
        }
        return golden;
    }

    private static List<Dictionary<string, string>> Csv(string file)
    {
        List<string[]> rows = [.. File.ReadLines(file).Select(Fields)];
        return [.. rows.Skip(1).Select(r => rows[0].Zip(r).ToDictionary(p => p.First, p => p.Second))];
    }

    private static string[] Fields(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        bool isQuoted = false;
        for (int at = 0; at < line.Length; at++)
        {
            if (line[at] == '"' && isQuoted && at + 1 < line.Length && line[at + 1] == '"')
                field.Append(line[++at]);
            else if (line[at] == '"')
                isQuoted = !isQuoted;
            else if (line[at] == ',' && !isQuoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(line[at]);
            }
        }
        fields.Add(field.ToString());
        return [.. fields];
    }
}
