using Metrics.Model;
using Metrics.Series;

namespace Metrics.Tests.Series;

/// <summary>What the index finds is what a look at every series finds.</summary>
public sealed class HeadSelectionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Several_conditions_find_what_all_of_them_find(int seed)
    {
        var random = new Random(seed);
        var head = new Head(HeadOptions.Default);
        using var batch = new SampleBatch("test");
        List<Labels> all = [];
        for (int i = 0; i < 3000; i++)
        {
            Labels series =
                Labels.Of($"m{random.Next(5)}", ("host", $"h{random.Next(60)}"), ("rack", $"r{random.Next(9)}"), ("n", $"{i % 700}"));
            batch.Add(series, 1_700_000_000_000, 1);
            all.Add(series);
        }
        head.Append(batch, 1_700_000_000_000);
        all = [.. all.Distinct()];
        int found = 0;
        for (int i = 0; i < 300; i++)
        {
            List<LabelMatcher> matchers = [];
            if (random.Next(4) > 0)
                matchers.Add(new LabelMatcher(Labels.MetricName, MatchKind.Equal, $"m{random.Next(6)}"));
            if (random.Next(2) > 0)
                matchers.Add(new LabelMatcher("rack", MatchKind.Equal, $"r{random.Next(10)}"));
            if (random.Next(3) > 0)
                matchers.Add(new LabelMatcher("host", random.Next(3) == 0 ? MatchKind.NotEqual : MatchKind.Equal, $"h{random.Next(60)}"));
            if (random.Next(4) == 0)
                matchers.Add(new LabelMatcher("n", MatchKind.Regex, "1.*|22|333"));
            if (random.Next(4) == 0)
                matchers.Add(new LabelMatcher("absent", MatchKind.Equal, ""));
            List<Labels> expected = all.FindAll(s => matchers.TrueForAll(m => m.Matches(s)));
            found += expected.Count;
            List<Labels> selected = [.. head.Select(matchers).Select(s => s.Labels)];
            selected.Should().HaveCount(expected.Count);
            expected.ToHashSet().SetEquals(selected).Should().BeTrue(string.Join(", ", matchers));
        }
        found.Should().BeGreaterThan(1000);
    }
}
