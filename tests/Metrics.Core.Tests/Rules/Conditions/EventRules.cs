using System.Runtime.CompilerServices;
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
    /// <param name="offset">How far before now they are judged.</param>
    public EventRules(string body = BruteForce, int limit = 0, bool isKnown = true, TimeSpan offset = default)
    {
        IReadOnlyList<AlertRule> rules = RuleHarness.Parse(body, out List<Problem> problems);
        problems.Should().BeEmpty();
        Rules = [.. rules.Select(r => new AlertRuleState(r, TimeProvider.System, limit) { QueryOffset = offset })];
        if (isKnown)
            Restore(new EventLog(), 0).Should().Be(0);
    }

    /// <summary>An event log in memory.</summary>
    public sealed class EventLog : IEventSource
    {
        public List<Event> Events { get; } = [];

        public async IAsyncEnumerable<EventBatch> ReadAsync(
            IReadOnlySet<string>? kinds, long from, long to, [EnumeratorCancellation] CancellationToken ct)
        {
            await Task.CompletedTask;
            IEnumerable<Event> wanted = Events.Where(e => (kinds?.Contains(e.Kind) ?? true) && e.Time >= from && e.Time <= to);
            foreach (Event[] some in wanted.Chunk(3))
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

    /// <summary>The samples that expressions read.</summary>
    public MemorySeries Samples { get; } = new();

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

    /// <summary>An event of a kind on a host.</summary>
    public static Event Of(string kind, double second, string host = "a", params (string Name, string Value)[] fields) => new()
    {
        Time = Nanoseconds(second), ObservedTime = Nanoseconds(second), Kind = kind, SeverityNumber = 9, Body = kind,
        Fields = [new("host.name", host), .. fields.Select(f => new EventField(f.Name, f.Value))],
    };

    public static long Nanoseconds(double second) => (RuleHarness.At(0) + (long)Math.Round(second * 1000)) * 1_000_000;

    /// <summary>Reads windows back out of a log that answers at once.</summary>
    public long Restore(EventLog log, int second)
    {
        Task<long> restored = EventWindows.RestoreAsync(Rules, log, RuleHarness.At(second), null, CancellationToken.None);
        restored.IsCompletedSuccessfully.Should().BeTrue();
        return restored.Result;
    }

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
        long at = RuleHarness.At(0) + (long)(second * 1000);
        var context = new RuleContext(Samples, new LocalQueries(s_engine, Samples), at, ListeningSince);
        return [.. Rules.SelectMany(r => r.Evaluate(context))];
    }

    /// <summary>Adds a sample.</summary>
    public EventRules Sample(double second, Labels series, double value)
    {
        Samples.Add(series, RuleHarness.At(0) + (long)(second * 1000), value);
        return this;
    }

    /// <summary>What is open after a round: <c>1.2.3.4 firing 5</c>.</summary>
    public string Open(double second)
    {
        Evaluate(second);
        return string.Join("; ", Rules.SelectMany(r => r.Alerts)
            .Select(a => $"{string.Join(',', a.Series.Select(l => l.Value))} {a.Labels["severity"]} {a.State.Name} {a.Value}")
            .Select(t => t.Replace("  ", " ", StringComparison.Ordinal).Trim())
            .Order(StringComparer.Ordinal));
    }
}
