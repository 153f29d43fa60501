using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Rules.Testing;
using Metrics.Text;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>Rules over events, with events and moments of choice; times in seconds.</summary>
internal sealed class EventRules
{
    private const string BruteForce = """
        events: { kind: identity.authenticate, event.outcome: failure }
        window: 5m
        group_by: [source.ip]
        count: { above: 3 }
        """;

    private static readonly QueryEngine s_engine = new();
    private long _id;

    /// <param name="body">Body of the rule.</param>
    /// <param name="limit">Alerts that it may give.</param>
    /// <param name="isKnown">Whether an event log was read, and was empty.</param>
    public EventRules(string body = BruteForce, int limit = 0, bool isKnown = true)
    {
        Rules = [.. RuleHarness.Parse(body, out List<Problem> problems).Select(r => new AlertRuleState(r, TimeProvider.System, limit))];
        problems.Should().BeEmpty();
        if (isKnown)
            EventWindows.Restore(Rules, new EventLog(), RuleHarness.At(0));
    }

    /// <summary>An event log in memory.</summary>
    public sealed class EventLog : IEventSource
    {
        public List<Event> Events { get; } = [];

        public IEnumerable<EventBatch> Read(IReadOnlySet<string>? kinds, long from, long to)
        {
            foreach (Event[] some in Events.Where(e => (kinds is null || kinds.Contains(e.Kind)) && e.Time >= from && e.Time <= to).Chunk(3))
            {
                var batch = new EventBatch("log");
                foreach (Event one in some)
                    batch.Add(one);
                yield return batch;
            }
        }
    }

    public IReadOnlyList<AlertRuleState> Rules { get; }

    public AlertRuleState Rule => Rules[0];

    public EventCountMemory Memory => (EventCountMemory)Rule.Memory;

    public long ListeningSince { get; init; } = RuleHarness.At(-86_400);

    /// <summary>Problems of a rule of this body.</summary>
    public static IReadOnlyList<string> ProblemsOf(string body)
    {
        RuleHarness.Parse(body, out List<Problem> problems);
        return [.. problems.Select(p => p.Message)];
    }

    /// <summary>A failure to log in.</summary>
    public static Event Failure(double second, string source, string user = "alice", long id = 0) => new()
    {
        Id = id, Time = Nanoseconds(second), ObservedTime = Nanoseconds(second),
        Kind = "identity.authenticate", SeverityNumber = 13, Body = $"Failed password for {user}",
        Fields = [new("event.outcome", "failure"), new("source.ip", source), new("user.name", user), new("host.name", "keystone-1")],
    };

    public static long Nanoseconds(double second) => (RuleHarness.At(0) + (long)Math.Round(second * 1000)) * 1_000_000;

    /// <summary>Hands events to the rules as one batch; those without an id get the next.</summary>
    public EventRules Take(params Event[] events)
    {
        using var batch = new EventBatch("test");
        foreach (Event one in events)
            batch.Add(one.Id == 0 ? one with { Id = ++_id } : one);
        foreach (AlertRuleState rule in Rules)
            rule.Take(batch);
        return this;
    }

    public IReadOnlyList<AlertChange> Evaluate(double second)
    {
        var nothing = new MemorySeries();
        var context = new RuleContext(nothing, new LocalQueries(s_engine, nothing), RuleHarness.At(0) + (long)(second * 1000), ListeningSince);
        return [.. Rules.SelectMany(r => r.Evaluate(context))];
    }

    /// <summary>What is open after a round: <c>1.2.3.4 firing 5</c>.</summary>
    public string Open(double second)
    {
        Evaluate(second);
        return string.Join("; ", Rules.SelectMany(r => r.Alerts)
            .Select(a => $"{a.Series["source_ip"]} {a.Labels["severity"]} {a.State.Name} {a.Value}".Replace("  ", " ", StringComparison.Ordinal).Trim())
            .Order(StringComparer.Ordinal));
    }
}
