using Metrics.Model;
using Metrics.Series;

namespace Metrics.Tests.Series;

public sealed class LabelIndexTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Finds_what_a_walk_over_all_series_finds_while_series_come_and_go(int seed)
    {
        var random = new Random(seed);
        var index = new LabelIndex();
        var there = new Dictionary<int, Labels>();
        for (int round = 0; round < 300; round++)
        {
            if (random.Next(3) > 0 || there.Count == 0)
            {
                int slot = Enumerable.Range(0, there.Count + 1).First(s => !there.ContainsKey(s));
                // Values that one, two, three and many series have.
                var labels =
                    Labels.Of("m", ("id", $"{round}"), ("pair", $"{round / 2}"), ("few", $"{round / 3}"), ("many", $"{round % 2}"));
                there.Add(slot, labels);
                index.Add(labels, slot);
            }
            else
            {
                List<(Labels, int)> gone = [.. there.Where(_ => random.Next(4) == 0).Select(t => (t.Value, t.Key))];
                index.Remove(gone);
                foreach ((_, int slot) in gone)
                    there.Remove(slot);
            }
            foreach (string name in new[] { "id", "pair", "few", "many" })
            {
                string value =
                    $"{random.Next(round + 1) / (name switch { "pair" => 2, "few" => 3, _ => 1 }) % (name == "many" ? 2 : int.MaxValue)}";
                int[] expected = [.. there.Where(t => t.Value[name] == value).Select(t => t.Key).Order()];
                index.Candidates([new LabelMatcher(name, MatchKind.Equal, value)])!.Should().Equal(expected);
                index.Values(name).Should().BeEquivalentTo(there.Values.Select(l => l[name]).Distinct());
            }
        }
    }
}
