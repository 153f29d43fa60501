using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Tests.Formats.Logs;
using Metrics.Text;

namespace Metrics.Tests.Rules.Labelled;

/// <summary>A whole log through the parsers and the shipped rules, as <c>rules replay</c> takes it: by the times of its lines.</summary>
internal static class LogReplay
{
    /// <summary>The machine on which a log is read that names none.</summary>
    public const string Host = "web-1";

    private const long Minute = 60_000;

    /// <summary>How long after an event rounds go on: what waits for others is judged by then.</summary>
    private const long Settle = 3 * Minute;

    private static readonly QueryEngine s_engine = new();
    private static readonly string[] s_files = ["hosts.yaml", "security.yaml", "identity.yaml"];
    private static readonly Lazy<IReadOnlyList<RuleGroup>> s_groups = new(() => [.. s_files.SelectMany(Read)]);

    /// <summary>Reads lines as events in the order of their times; a line without one has that of the line before it.</summary>
    public static List<Event> Events(IEnumerable<string> lines)
    {
        var context = new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now };
        var reader = new LogReader(LogFormats.All, context);
        using var batch = new EventBatch("labelled");
        long last = LogCases.Now;
        var record = new LogRecord();
        foreach (byte[] text in LogCases.Records(new LogReader(LogFormats.All, context), lines.Where(l => l.Length > 0)))
        {
            reader.Read(text, record);
            record.Time = last = record.Time ?? last;
            if (!record.Has(EventFields.Host))
                record.Set(EventFields.Host, Host);
            record.AddTo(batch, last, text);
        }
        IEnumerable<Event> events = Enumerable.Range(0, batch.Count).Select(batch.ToEvent).OrderBy(e => e.Time);
        return [.. events.Select((e, i) => e with { Id = i + 1 })];
    }

    /// <summary>What the shipped rules say of events, each alert with the most that it has counted.</summary>
    public static List<Told> Run(IReadOnlyList<Event> events)
    {
        GroupRunner[] runners = [.. s_groups.Value.Select(g => new GroupRunner(g, TimeProvider.System))];
        var head = new Head(HeadOptions.Default);
        var told = new Dictionary<(string, Labels), Told>();
        using EventFeed feed = EventFeed.Of(events);
        long interval = (long)runners.Min(r => r.Group.Interval).TotalMilliseconds, began = feed.Next, last = began;
        for (long at = began; at < last + Settle || feed.Next < long.MaxValue; at += interval)
        {
            // Nothing comes for long: on to the next event.
            if (at > last + Settle)
                at = feed.Next + 1;
            while (feed.Next < at)
            {
                long arrival = last = feed.Next;
                foreach ((GroupRunner runner, RuleMask woken) in feed.HandTo(runners, arrival))
                    Evaluate(runner, head, arrival, woken, began, told);
            }
            foreach (GroupRunner runner in runners)
                Evaluate(runner, head, at, null, began, told);
        }
        return [.. told.Values.OrderBy(t => t.Rule, StringComparer.Ordinal).ThenBy(t => t.Origin, StringComparer.Ordinal)];
    }

    private static void Evaluate(
        GroupRunner runner, Head head, long at, RuleMask? chosen, long began, Dictionary<(string, Labels), Told> told)
    {
        using var written = new SampleBatch("rules");
        runner.Evaluate(
            new RuleRound(head, at, began), source => new LocalQueries(s_engine, source), written, TimeProvider.System, chosen);
        head.Append(written, at);
        foreach (AlertRuleState rule in runner.Alerting)
        {
            foreach (AlertInstance alert in rule.Alerts.Where(a => a.State is AlertState.Firing))
            {
                (string, Labels) key = (rule.Rule.Name, alert.Labels);
                double most = told.TryGetValue(key, out Told? before) ? Math.Max(before.Count, alert.Value) : alert.Value;
                told[key] = new Told(rule.Rule.Name, alert.Labels, most);
            }
        }
        runner.Rules.Where(r => r.Error is not null).Select(r => $"{r.Rule.Name}: {r.Error}").Should().BeEmpty();
    }

    private static List<RuleGroup> Read(string name)
    {
        var problems = new List<Problem>();
        string file = Path.Combine(Cases.Repository, "rules", name);
        List<RuleGroup> groups = [.. RuleFile.Read(File.ReadAllText(file, Encoding.UTF8), file, problems)];
        problems.Should().BeEmpty();
        return groups;
    }
}

/// <summary>An alert.</summary>
/// <param name="Rule">Its rule.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Count">The most that it has counted.</param>
internal sealed record Told(string Rule, Labels Labels, double Count)
{
    /// <summary>From where, by address or by name; empty where the alert is of no origin.</summary>
    public string Origin => Labels["source_ip"] is { Length: > 0 } address ? address : Labels["source_domain"];

    public override string ToString() => $"{Rule} {Labels} {Count}";
}
