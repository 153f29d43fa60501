using Metrics.Inputs.Push;
using Metrics.Model;
using Metrics.Storage;

namespace Metrics.Tests.Inputs.Push;

/// <summary>Which pushes are taken to be there already.</summary>
public sealed class RecentPushesTests
{
    private readonly Dictionary<string, SourcePosition> _stored = [];
    private RecentPushes _recent = new("push", []);

    [Fact]
    public void The_last_ones_are_known_also_after_a_restart_and_older_ones_are_not()
    {
        for (int i = 0; i <= RecentPushes.MaxKept; i++)
            IsRepeated($"{i}").Should().BeFalse();
        IsRepeated("1").Should().BeTrue();
        _recent = new RecentPushes("push", [.. _stored.Values]);
        _stored.Should().HaveCount(RecentPushes.MaxKept);
        IsRepeated("1").Should().BeTrue();
        IsRepeated("0").Should().BeFalse("it is the oldest but for those");
        IsRepeated("1").Should().BeFalse("that one went into its place");
    }

    [Fact]
    public void One_that_failed_often_before_it_was_stored_is_known_as_long_as_others()
    {
        for (int i = 0; i < RecentPushes.MaxKept; i++)
            IsRepeated("a", fails: true).Should().BeFalse();
        IsRepeated("a").Should().BeFalse();
        for (int i = 1; i < RecentPushes.MaxKept; i++)
            IsRepeated($"{i}").Should().BeFalse();
        IsRepeated("a").Should().BeTrue();
        IsRepeated("b").Should().BeFalse();
        IsRepeated("a").Should().BeFalse("as many others came since");
    }

    private bool IsRepeated(string digest, bool fails = false)
    {
        Task committed = _recent.CommitOnce(digest, new EventBatch("push/x", 1), batch => CommitAsync(batch, fails), out bool isRepeated);
        committed.IsFaulted.Should().Be(fails);
        return isRepeated;
    }

    private Task CommitAsync(EventBatch batch, bool fails)
    {
        using (batch)
        {
            if (fails)
                return Task.FromException(new StoreException("it fails"));
            foreach (SourcePosition one in batch.Positions)
                _stored[one.Key] = one;
            return Task.CompletedTask;
        }
    }
}
