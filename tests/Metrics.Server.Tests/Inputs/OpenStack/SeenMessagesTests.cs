using System.Text;
using Metrics.Inputs.OpenStack;
using Metrics.Model;

namespace Metrics.Tests.Inputs.OpenStack;

/// <summary>The messages that are events already, over restarts.</summary>
public sealed class SeenMessagesTests
{
    private readonly Dictionary<string, SourcePosition> _stored = [];
    private SeenMessages _seen = SeenMessages.Load([]);

    [Fact]
    public void What_was_committed_is_known_after_a_restart_and_nothing_else()
    {
        Add(0, 1000).Should().Be(1000);
        Commit();
        Add(1000, 2000).Should().Be(1000, "these are not committed");
        Restart();
        Add(0, 3000).Should().Be(2000);
        Commit();
        Restart();
        Add(0, 3000).Should().Be(0);
    }

    [Fact]
    public void At_least_sixteen_thousand_are_remembered_however_they_were_committed_and_not_many_more()
    {
        for (int i = 0; i < 60_000; i += 7)
        {
            Add(i, Math.Min(i + 7, 60_000));
            Commit();
        }
        Add(60_000, 100_000);
        Commit();
        Restart();
        _stored.Should().HaveCountLessThanOrEqualTo(64);
        _stored.Values.Sum(p => p.State!.Length).Should().BeLessThan(400_000);
        Add(100_000 - 16_128, 100_000).Should().Be(0);
        Add(0, 83_000).Should().Be(83_000, "they are forgotten");
    }

    [Fact]
    public void A_commit_writes_what_has_changed_alone()
    {
        Add(0, 10_000);
        Commit();
        Add(10_000, 10_001);
        Commit().Should().Be(1);
        Add(10_000, 10_001);
        Commit().Should().Be(0);
    }

    [Fact]
    public void The_time_of_the_last_message_is_kept()
    {
        _seen.LastAt.Should().BeNull();
        for (int i = 0; i < 20_000; i++)
            _seen.Add(Encoding.UTF8.GetBytes($"{i}"), 1_000 + i);
        Commit();
        Restart();
        _seen.LastAt.Should().Be(20_999);
    }

    /// <returns>How many were new.</returns>
    private int Add(int from, int to) => Enumerable.Range(from, to - from).Count(i => _seen.Add(Encoding.UTF8.GetBytes($"{i}"), i));

    /// <returns>How many rows were written.</returns>
    private int Commit()
    {
        using var batch = new EventBatch("openstack/a", 1);
        _seen.AddTo(batch);
        foreach (SourcePosition one in batch.Positions)
            _stored[one.Key] = one;
        return batch.Positions.Count;
    }

    private void Restart() => _seen = SeenMessages.Load(_stored.Values);
}
