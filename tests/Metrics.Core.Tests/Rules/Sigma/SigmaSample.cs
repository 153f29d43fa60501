using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Tests.Formats.Logs;
using Metrics.Text;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>
/// What a Sigma rule is about, made out of its own detection, as the log that it names would have it: a line of a log, records of auditd, a
/// line of an access log. Whether it is right is for the rule to say.
/// </summary>
/// <param name="Values">Its fields; what is in no field is text.</param>
internal sealed record SigmaSample(IReadOnlyDictionary<string, string> Values)
{
    private const string Keywords = "";
    private const int MaxSelections = 4, Variants = 3;

    /// <summary>All samples that may meet a rule, those with the fewest selections first.</summary>
    public static IEnumerable<SigmaSample> Of(YamlMap rule)
    {
        if (rule["detection"] is not YamlMap detection)
            yield break;
        List<YamlValue> selections = [.. detection.Entries.Where(e => e.Key.Text != "condition").Select(e => e.Value)];
        foreach (IReadOnlyList<YamlValue> some in Subsets(selections).OrderBy(s => s.Count))
        {
            for (int variant = 0; variant < Variants; variant++)
            {
                var wanted = new Dictionary<string, List<(string How, string Value)>>();
                foreach (YamlValue selection in some)
                    Want(selection, variant, wanted);
                if (wanted.Count > 0)
                    yield return new SigmaSample(wanted.ToDictionary(w => w.Key, w => TextOf(w.Value)));
            }
        }
    }

    /// <summary>The same but for one field, each in turn; who has made a connection is said by the system call alone.</summary>
    public IEnumerable<SigmaSample> Mutations() => Values.Keys.Where(k => k != "Initiated").Select(
        k => new SigmaSample(Values.ToDictionary(v => v.Key, v => v.Key == k ? "7qq7" : v.Value)));

    /// <summary>The event that metricsd makes of it.</summary>
    public EventBatch Event(YamlMap rule)
    {
        YamlMap source = (YamlMap)rule["logsource"]!;
        (string? category, string? service) = ((source["category"] as YamlText)?.Text, (source["service"] as YamlText)?.Text);
        string text = (category, service) switch
        {
            ("process_creation", _) => Audit(
                ("SYSCALL", [("syscall", "59"), ("ppid", "1"), ("uid", "0"), ("exe", Of("Image", "/bin/x"))], Enriched("UID", "User")),
                ("EXECVE", [("argc", "1"), ("a0", Hex(Of("CommandLine", "x")))], ""), ("CWD", [("cwd", Of("CurrentDirectory", "/"))], "")),
            ("file_event", _) => Audit(
                ("SYSCALL", [("syscall", "257"), ("exe", Of("Image", "/bin/x"))], Enriched("UID", "User")),
                ("PATH", [("item", "0"), ("name", Hex(Of("TargetFilename", "/x"))), ("nametype", "CREATE")], "")),
            ("network_connection", _) => Audit(
                ("SYSCALL", [("arch", "c000003e"), ("syscall", "42"), ("success", "yes"), ("exe", Of("Image", "/bin/x"))], ""),
                ("SOCKADDR", [("saddr", Address(Of("DestinationPort", "9")))], "")),
            (_, "auditd") => Audit((Of("type", "SYSCALL"), Pairs(), string.Join(' ', Values.Where(v => IsEnriched(v.Key))
                .Select(v => $"{v.Key}={v.Value}")))),
            ("webserver", _) or (_, "apache" or "nginx") => Access(),
            ("antivirus", _) => $"{Of("Filename", "/x")}: {Of("Signature", "X-1")} FOUND",
            (_, "sudo") when Values.ContainsKey("COMMAND") || Values.ContainsKey("USER") =>
                $"Nov 26 10:00:00 web-1 sudo: ann : TTY=pts/0 ; PWD=/ ; USER={Of("USER", "root")} ; COMMAND={Of("COMMAND", "/bin/x")}",
            _ => $"Nov 26 10:00:00 web-1 {ProgramOf(service)}[7]: {Of(Keywords, "x")}",
        };
        return Read(text);
    }

    private string Of(string field, string other) => Values.GetValueOrDefault(field, other);

    private string Enriched(string key, string field) => Values.TryGetValue(field, out string? value) ? $"{key}={value}" : "";

    /// <summary>What is in no field is an argument.</summary>
    private (string, string)[] Pairs() =>
    [
        .. Values.Where(v => v.Key is not ("type" or Keywords) && !IsEnriched(v.Key))
            .Select(v => (v.Key, v.Key == "syscall" ? v.Value : Hex(v.Value))),
        .. Values.TryGetValue(Keywords, out string? text) ? [("a9", $"\"{text}\"")] : Array.Empty<(string, string)>(),
    ];

    private static bool IsEnriched(string key) => key is "SYSCALL" or "UID" or "AUID";

    private string Access()
    {
        string uri = Of("c-uri", Of("cs-uri", Of("cs-uri-stem", Of("c-uri-stem", "/"))));
        string query = Of("cs-uri-query", Of("c-uri-query", "")), keywords = Of(Keywords, "");
        string request = (uri + (query.Length > 0 ? $"?{query}" : "") + keywords).Replace("\"", "\\\"", StringComparison.Ordinal);
        string agent = Of("cs-user-agent", Of("c-useragent", "-")).Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"192.0.2.7 - - [26/Nov/2026:10:00:00 +0000] \"{Of("cs-method", "GET")} {request} HTTP/1.1\""
            + $" {Of("sc-status", "200")} 9 \"-\" \"{agent}\"";
    }

    private static string ProgramOf(string? service) => service switch
    {
        "clamav" => "clamd", "cron" => "CRON", "auth" => "systemd-logind", "guacamole" => "guacd", null or "syslog" => "app", _ => service,
    };

    private static string Audit(params (string Type, (string Key, string Value)[] Pairs, string Enriched)[] records) => string.Join(
        '\n', records.Select(r => $"type={r.Type} msg=audit(1795687200.200:43): "
            + string.Join(' ', r.Pairs.Select(p => $"{p.Key}={p.Value}")) + (r.Enriched.Length > 0 ? $"\x1d{r.Enriched}" : "")));

    /// <summary>As auditd writes what others may have chosen.</summary>
    private static string Hex(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_')
        ? $"\"{text}\"" : Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    private static string Address(string port) =>
        $"0200{(int.TryParse(port, CultureInfo.InvariantCulture, out int number) ? number : 9):X4}CB007107" + new string('0', 16);

    private static EventBatch Read(string text)
    {
        var batch = new EventBatch("sample");
        var record = new LogRecord();
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now }).Read(utf8, record);
        // When it was is for those to say who look at it.
        record.Time = SigmaHarness.Now;
        record.AddTo(batch, SigmaHarness.Now, utf8);
        return batch;
    }

    private static IEnumerable<IReadOnlyList<YamlValue>> Subsets(List<YamlValue> all) =>
        Enumerable.Range(1, (1 << Math.Min(all.Count, 12)) - 1).Where(bits => int.PopCount(bits) <= MaxSelections)
            .Select(bits => (IReadOnlyList<YamlValue>)[.. all.Where((_, i) => ((bits >> i) & 1) == 1)]);

    private static void Want(YamlValue selection, int variant, Dictionary<string, List<(string How, string Value)>> wanted)
    {
        switch (selection)
        {
            case YamlMap map:
                foreach ((YamlText key, YamlValue value) in map.Entries)
                    WantField(key.Text, value, variant, wanted);
                break;
            case YamlList { Items.Count: > 0 } list:
                Want(list.Items[Math.Min(variant, list.Items.Count - 1)], variant, wanted);
                break;
            case YamlText text:
                Add(wanted, Keywords, "contains", Plain(text.Text));
                break;
        }
    }

    private static void WantField(string key, YamlValue value, int variant, Dictionary<string, List<(string How, string Value)>> wanted)
    {
        string[] parts = key.Split('|');
        string how = parts.Skip(1).FirstOrDefault(p => p is "contains" or "startswith" or "endswith" or "re" or "cidr")
            ?? (parts[0].Length == 0 ? "contains" : "is");
        List<YamlText> values = value is YamlList list ? [.. list.Items.OfType<YamlText>()] : value is YamlText one ? [one] : [];
        if (values.Count == 0)
            return;
        IEnumerable<YamlText> chosen = parts.Contains("all") ? values : [values[Math.Min(variant, values.Count - 1)]];
        foreach (YamlText text in chosen)
            Add(wanted, parts[0], how, how == "re" ? Matching(text.Text) : Plain(text.Text));
    }

    private static void Add(Dictionary<string, List<(string How, string Value)>> wanted, string field, string how, string value)
    {
        if (!wanted.TryGetValue(field, out List<(string, string)>? all))
            wanted.Add(field, all = []);
        all.Add((how, value));
    }

    private static string TextOf(List<(string How, string Value)> parts) =>
        parts.Find(p => p.How == "is").Value ?? string.Concat(Ordered(parts).Select(p => p.Value).Distinct());

    /// <summary>The beginning, what is within, the end.</summary>
    private static IEnumerable<(string How, string Value)> Ordered(List<(string How, string Value)> parts) =>
        parts.OrderBy(p => p.How switch { "startswith" => 0, "endswith" => 2, _ => 1 });

    /// <summary>A value for whose wildcards something stands.</summary>
    private static string Plain(string pattern)
    {
        var text = new StringBuilder();
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\' && i + 1 < pattern.Length && pattern[i + 1] is '*' or '?' or '\\')
                text.Append(pattern[++i]);
            else if (pattern[i] is '?')
                text.Append('x');
            else if (pattern[i] is not '*')
                text.Append(pattern[i]);
        }
        return text.ToString();
    }

    /// <summary>One of a few texts that an expression matches.</summary>
    private static string Matching(string regex) =>
        ((string[])[regex.Replace("\\", "", StringComparison.Ordinal), ".a", "a.b", new string('x', 220), "1"])
            .FirstOrDefault(t => Regex.IsMatch(t, regex), "");
}
