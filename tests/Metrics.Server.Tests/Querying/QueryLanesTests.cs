using Metrics.Query;
using Metrics.Querying;
using Metrics.Telemetry;

namespace Metrics.Tests.Querying;

/// <summary>What is small never waits for what is large.</summary>
public sealed class QueryLanesTests
{
    private const int Places = 2;
    private const int MaxWaiting = 3;

    private static readonly CancellationToken s_never = CancellationToken.None;

    [Fact]
    public async Task Large_ones_that_take_all_places_and_wait_in_the_queue_hold_up_nothing_that_is_small()
    {
        using var lanes = new QueryLanes(Places, Places, MaxWaiting, new QueryMetrics(new MetricRegistry()));
        var end = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int>[] large = [.. Enumerable.Range(0, Places + MaxWaiting).Select(_ => LargeAsync(lanes, end.Task))];
        (await lanes.QuickAsync(() => 7, s_never)).Should().Be(7);
        Func<Task> oneMore = () => LargeAsync(lanes, end.Task);
        QueryException refused = (await oneMore.Should().ThrowAsync<QueryException>()).Which;
        (refused.Failure, refused.Message).Should().Be(
            (QueryFailure.Busy, "too many queries wait already (limit: 3); try again later"));
        end.SetResult(1);
        (await Task.WhenAll(large)).Should().HaveCount(Places + MaxWaiting);
        (await LargeAsync(lanes, end.Task)).Should().Be(1, "there is room again");
    }

    [Fact]
    public async Task Who_gives_up_while_waiting_leaves_the_queue()
    {
        using var lanes = new QueryLanes(1, 1, 1, new QueryMetrics(new MetricRegistry()));
        var end = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> first = LargeAsync(lanes, end.Task);
        for (int i = 0; i < 3; i++)
        {
            using var gone = new CancellationTokenSource();
            Task<int> second = LargeAsync(lanes, end.Task, gone.Token);
            await gone.CancelAsync();
            await ((Func<Task>)(() => second)).Should().ThrowAsync<OperationCanceledException>();
        }
        end.SetResult(1);
        (await first).Should().Be(1);
        (await LargeAsync(lanes, end.Task)).Should().Be(1);
    }

    private static Task<int> LargeAsync(QueryLanes lanes, Task<int> end, CancellationToken ct = default) =>
        lanes.HeavyAsync(() => end.GetAwaiter().GetResult(), ct);
}
