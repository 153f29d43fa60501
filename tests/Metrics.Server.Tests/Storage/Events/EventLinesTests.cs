using System.Text;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Tests.Storage.Events;

public sealed class EventLinesTests
{
    private const long At = 1_770_000_000_000_000_000;

    [Fact]
    public void An_event_is_a_point_of_the_measurement_events()
    {
        var batch = new EventBatch("t");
        batch.Add(At + 5, At, "host.login", 9, "in \"quotes\"\nand two lines");
        batch.AddField("host.name", "ctl 1");
        batch.AddField("service.name", "sshd");
        batch.AddField("source.ip", "10.0.0.1");
        batch.Ids[0] = 42;
        Lines(batch).Should().Equal(
            $"events,kind=host.login,host=ctl\\ 1,service=sshd "
            + $"body=\"in \\\"quotes\\\" and two lines\",severity_number=9i,id=42i,source.ip=\"10.0.0.1\" {At + 5}");
    }

    [Fact]
    public void Times_of_one_series_are_unique_also_in_the_next_batch()
    {
        var lines = new EventLines();
        var times = new List<string>();
        for (int batches = 0; batches < 2; batches++)
        {
            var batch = new EventBatch("t");
            foreach (long time in new[] { At, At, At + 7, At + 7 })
                batch.Add(time, At, "log", 0, "x");
            batch.Ids.Fill(1_000_001);
            times.AddRange(Lines(batch, lines).Select(l => l[(l.LastIndexOf(' ') + 1)..]));
        }
        times.Should().HaveCount(8).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void Bodies_are_bounded_by_lines()
    {
        var batch = new EventBatch("t");
        for (int i = 0; i < 25; i++)
            batch.Add(At + i, At, "log", 0, "x");
        new EventLines().Write([batch], 10, 1 << 20).Select(b => b.Lines).Should().Equal(10, 10, 5);
    }

    private static string[] Lines(EventBatch batch, EventLines? lines = null) =>
        [.. (lines ?? new EventLines()).Write([batch], 1000, 1 << 20)
            .SelectMany(b => Encoding.UTF8.GetString(b.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries))];
}
