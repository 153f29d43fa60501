using Metrics.Model;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>Whoever sends the events chooses how many there are, and of how many sources; not how much memory they take.</summary>
[Collection(nameof(Alone))]
public sealed class EventCountMemoryTests
{
    [Theory]
    [InlineData("count: { above: 0 }", 25_000_000)]
    [InlineData("distinct: { field: user.name, above: 0 }", 60_000_000)]
    public void A_flood_takes_bounded_memory(string counted, long bytes)
    {
        EventRules rules = new($"events: {{ kind: identity.authenticate }}\nwindow: 5m\ngroup_by: [source.ip]\n{counted}");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using (var batch = new EventBatch("flood", 1000))
        {
            for (int i = 0; i < 1000; i++)
                batch.Add(EventRules.Failure(i / 10.0, "10.0.0.1"));
            for (int i = 0; i < 1000; i++)
                rules.Rule.Take(batch);
        }
        for (int i = 0; i < 100_000; i++)
            rules.Take(EventRules.Failure(i / 1000.0, $"10.1.{i / 256}.{i % 256}", $"user-{i}-of-many-others"));
        rules.Evaluate(100);
        long used = GC.GetTotalMemory(forceFullCollection: true) - before;
        used.Should().BeLessThan(bytes);
        rules.Memory.Groups.Should().Be(10_000);
    }
}
