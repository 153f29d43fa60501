using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;

namespace Metrics.Tests.Query;

/// <summary>Whatever a query keeps is counted: at a limit it ends, before the memory does.</summary>
public sealed class QueryMemoryTests
{
    private const long Now = 1_800_000_000_000;
    private const int Series = 2000;
    private static readonly EvaluationSteps s_grid = EvaluationSteps.Between(Now - 3_600_000, Now, 15_000);

    [Theory]
    [InlineData("m")]
    [InlineData("sort_by_label(m, \"i\")")]
    [InlineData("topk(10, m)")]
    [InlineData("quantile(0.9, m)")]
    [InlineData("stddev by (i) (m)")]
    [InlineData("sum without (x) (m)")]
    [InlineData("count_values(\"v\", m)")]
    [InlineData("m * on (i) group_left m")]
    [InlineData("m and on (i) m")]
    [InlineData("m or on (i) m")]
    [InlineData("label_replace(m, \"x\", \"$1$1\", \"i\", \"(.*)\")")]
    [InlineData("label_join(m, \"x\", \"-\", \"i\", \"i\")")]
    [InlineData("histogram_quantile(0.9, m)")]
    [InlineData("max_over_time(vector(1)[30d:1s])")]
    [InlineData("sum(sum_over_time(vector(time())[30d:1s]))")]
    [InlineData("max_over_time((vector(1) + vector(2))[30d:1s])")]
    [InlineData("info(m)")]
    public void A_query_that_keeps_much_ends_at_its_limit(string text)
    {
        using Head head = Filled();
        using var memory = new QueryMemory(2 << 20);
        Action run = () => new QueryEngine().Range(Query(text), head, s_grid, memory);
        QueryException ended = run.Should().Throw<QueryException>().Which;
        (ended.Failure, ended.Message).Should().Be((QueryFailure.Limit, "query processing would take too much memory (limit: 2 MiB)"));
    }

    [Theory]
    [InlineData("sum(m)")]
    [InlineData("sum(rate(m[5m]))")]
    [InlineData("count(m > 5)")]
    [InlineData("max(abs(m))")]
    public void A_query_that_keeps_little_needs_little_however_much_it_reads(string text)
    {
        using Head head = Filled();
        using var memory = new QueryMemory(1 << 20);
        new QueryEngine().Range(Query(text), head, s_grid, memory).Matrix.Should().ContainSingle();
        memory.Bytes.Should().BeLessThan(200_000);
    }

    [Fact]
    public void A_label_that_doubles_again_and_again_ends()
    {
        using Head head = Filled();
        string text = "m{i=\"1\"}";
        for (int i = 0; i < 40; i++)
            text = $"label_replace({text}, \"i\", \"$1$1\", \"i\", \"(.*)\")";
        Action run = () => new QueryEngine().Instant(Query(text), head, Now);
        run.Should().Throw<QueryException>().WithMessage("label_replace() would make a label value of * characters (limit: 1048576)");
    }

    [Fact]
    public void What_a_query_will_read_is_known_without_computing_it()
    {
        PreparedQuery query = Query("sum_over_time(vector(time())[100y:1s]) + max_over_time(rate(m[5m])[1h:1s] offset 1h)");
        long before = GC.GetAllocatedBytesForCurrentThread();
        QueryNeed need = query.Needs(s_grid, new EngineOptions()).Should().ContainSingle().Which;
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
        (need.After, need.To).Should().Be((s_grid.Start - (2 * 3_600_000) - 300_000 + 1000, s_grid.End - 3_600_000));
    }

    [Fact]
    public void What_others_hold_is_not_there_and_what_is_given_back_is()
    {
        long left = 3 << 20;
        bool Take(long bytes) => bytes <= left && (left -= bytes) >= 0;
        void GiveBack(long bytes) => left += bytes;
        using var first = new QueryMemory(long.MaxValue, Take, GiveBack);
        first.Hold(2_000_000);
        using var second = new QueryMemory(long.MaxValue, Take, GiveBack);
        Action more = () => second.Hold(2_000_000);
        more.Should().Throw<QueryException>().Which.Failure.Should().Be(QueryFailure.Busy);
        first.Dispose();
        second.Clear();
        more.Should().NotThrow();
        second.Dispose();
        left.Should().Be(3 << 20);
    }

    private static Head Filled()
    {
        var head = new Head(HeadOptions.Default);
        for (long at = Now - 3_600_000; at <= Now; at += 60_000)
        {
            using var batch = new SampleBatch("t");
            for (int i = 0; i < Series; i++)
                batch.Add(Labels.Of("m", ("i", $"{i}"), ("le", $"{i % 10}"), ("instance", "a"), ("job", "b")), at, i + (at / 60_000 % 60));
            head.Append(batch, Now);
        }
        return head;
    }

    private static PreparedQuery Query(string text) =>
        PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error) ? query! : throw new ArgumentException($"{error}");
}
