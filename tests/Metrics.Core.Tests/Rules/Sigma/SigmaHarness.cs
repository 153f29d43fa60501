using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Rules.Sigma;
using Metrics.Series;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Sigma rules over events of choice.</summary>
internal static class SigmaHarness
{
    private const long Start = 1_700_000_000_000;

    /// <summary>When events are looked at, nanoseconds since 1970 UTC.</summary>
    public const long Now = Start * 1_000_000;

    /// <summary>Long before the events, so that too few of them are known to be too few.</summary>
    private const long Listening = Start - 3_600_000;

    /// <summary>Reads files.</summary>
    public static SigmaLoad Load(params string[] texts)
    {
        var rules = new SigmaRules();
        for (int i = 0; i < texts.Length; i++)
            rules.Read(texts[i], $"{i}.yml");
        return rules.Make();
    }

    /// <summary>A rule over OpenStack's events with these selections and this condition.</summary>
    public static string Rule(string detection, string logsource = "{ product: openstack }", string more = "") => $"""
        title: Test
        logsource: {logsource}
        detection:
          {detection.ReplaceLineEndings("\n  ")}
        {more}
        """;

    /// <summary>Reads a rule that must be right.</summary>
    public static AlertRule Loaded(string text)
    {
        SigmaLoad load = Load(text);
        load.Rules.SelectMany(r => r.Faults).Select(f => f.ToString()).Should().BeEmpty();
        return load.Group!.Alerting.Last();
    }

    /// <summary>Whether the alert of a rule fires for an event.</summary>
    public static bool Fires(string rule, params EventBatch[] batches) => Alerts([Loaded(rule)], batches).Count > 0;

    /// <summary>What fires of a group, within its limit, after some events.</summary>
    public static IReadOnlyList<AlertInstance> Alerts(RuleGroup group, params EventBatch[] batches) =>
        Alerts(group.Alerting, group.Limit, batches);

    /// <summary>What fires after some events.</summary>
    public static IReadOnlyList<AlertInstance> Alerts(IEnumerable<AlertRule> rules, params EventBatch[] batches) =>
        Alerts(rules, 0, batches);

    private static IReadOnlyList<AlertInstance> Alerts(IEnumerable<AlertRule> rules, int limit, EventBatch[] batches)
    {
        List<AlertRuleState> states = [.. rules.Select(r => new AlertRuleState(r, TimeProvider.System, limit))];
        var head = new Head(HeadOptions.Default);
        Evaluate(Listening);
        foreach (EventBatch batch in batches)
            states.ForEach(s => s.Take(batch));
        Evaluate(Start);
        return [.. states.SelectMany(s => s.Alerts).Where(a => a.State.Name == "firing")];

        void Evaluate(long at)
        {
            var context = new RuleContext(head, new LocalQueries(new QueryEngine(), head), at, Listening)
            {
                Environment = NoRuleEnvironment.Instance,
            };
            states.ForEach(s => s.Evaluate(context));
        }
    }

    /// <summary>An event with fields: <c>user.name=ann</c>; what has no sign of equality is its text.</summary>
    public static EventBatch Event(params string[] fields) => EventBefore(0, fields);

    /// <summary>An event that was so many seconds before it is looked at.</summary>
    public static EventBatch EventBefore(int seconds, params string[] fields)
    {
        long time = (Start - (seconds * 1000L)) * 1_000_000;
        string body = string.Join('\n', fields.Where(f => !f.Contains('=', StringComparison.Ordinal)));
        string kind = fields.FirstOrDefault(f => f.StartsWith("kind=", StringComparison.Ordinal))?[5..] ?? "log";
        var batch = new EventBatch("test");
        batch.Add(time, time, kind, 9, body);
        foreach (string[] field in fields.Where(f => f.Contains('=', StringComparison.Ordinal)).Select(f => f.Split('=', 2)))
        {
            if (field[0] != "kind")
                batch.AddField(field[0], field[1]);
        }
        return batch;
    }

    /// <summary>A line of a log with its text as it is.</summary>
    public static EventBatch Line(string text, params string[] fields)
    {
        EventBatch batch = Event([.. fields, "-"]);
        batch.SetBody(0, text);
        return batch;
    }

    /// <summary>The event that a log of a format makes of a text.</summary>
    public static EventBatch Log(string format, string text)
    {
        var batch = new EventBatch("test");
        var record = new LogRecord();
        byte[] utf8 = Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n").TrimEnd('\n'));
        LogFormats.Find(format)!.Parse(utf8, new LogContext(TimeZoneInfo.Utc), record).Should().BeTrue();
        record.Set(EventFields.Dataset, format);
        record.Time = Start * 1_000_000;
        record.AddTo(batch, Start * 1_000_000, utf8);
        return batch;
    }
}
