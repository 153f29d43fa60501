using System.Runtime.CompilerServices;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Querying;
using Metrics.Rules.Testing;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Querying;

/// <summary>A query over head and store gives what it gives over one memory that holds everything.</summary>
public sealed class QueryServiceTests : IAsyncLifetime
{
    private const int Interval = 15_000;
    private static readonly DateTimeOffset s_now = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("history").FullName;
    private readonly FakeTimeProvider _time = new(s_now);
    private readonly Head _head = new(HeadOptions.Default);
    private readonly MemorySeries _everything = new();
    private DuckDbStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _store =
            new DuckDbStore(MetricsOptions.Parse($"storage: {{ path: '{_folder}' }}").Storage, _time, NullLogger<DuckDbStore>.Instance);
        await _store.OpenAsync(default);
        long now = s_now.ToUnixTimeMilliseconds();
        // Six hours, of which the head has the last two; one series ended before that, one began after, one has gaps and ends marked.
        for (long at = now - TimeSpan.FromHours(6).Ticks / TimeSpan.TicksPerMillisecond; at <= now; at += Interval)
        {
            var batch = new SampleBatch("t");
            long n = at / Interval;
            Add(batch, Labels.Of("x", ("host", "all"), ("job", "a")), at, n % 1000);
            if (at < now - (3 * 3_600_000))
                Add(batch, Labels.Of("x", ("host", "old"), ("job", "a")), at, n % 77);
            if (at > now - 3_600_000)
                Add(batch, Labels.Of("x", ("host", "new"), ("job", "b")), at, n % 55);
            if (n % 40 < 20)
                Add(batch, Labels.Of("x", ("host", "gaps"), ("job", "b")), at, n % 40 == 19 ? StaleMarker.Value : n % 33);
            Add(batch, Labels.Of("y", ("host", "all")), at, 1);
            _head.Append(batch, now);
            await _store.WriteAsync([batch], default);
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("count_over_time(x[6h])")]
    [InlineData("sum by (job) (rate(x[5m]))")]
    [InlineData("sum_over_time(x{job=\"a\"}[150m]) / on (host) count_over_time(x[150m])")]
    [InlineData("max_over_time(sum(x)[3h:1m])")]
    [InlineData("x - x offset 3h")]
    [InlineData("x @ 1773136800")]
    [InlineData("x{host=~\"o.*|n.*\", job!=\"b\"} or y")]
    public async Task Head_and_store_join_without_a_seam(string text)
    {
        using QueryService service = Service();
        PreparedQuery query = Query(text);
        long now = s_now.ToUnixTimeMilliseconds();
        EvaluationSteps grid = EvaluationSteps.Between(now - (5 * 3_600_000), now, 60_000);
        QueryResult got = await service.RangeAsync(query, grid, TimeSpan.FromMinutes(1));
        QueryResult expected = new QueryEngine().Range(query, _everything, grid);
        Text(got).Should().Equal(Text(expected));
        expected.Matrix.Should().NotBeEmpty();
        got.Warnings.Should().BeEmpty();
    }

    [Fact]
    public async Task Series_are_found_where_they_were()
    {
        using QueryService service = Service();
        VectorSelector.TryParse("x", out VectorSelector? x, out _).Should().BeTrue();
        long now = s_now.ToUnixTimeMilliseconds();
        (await HostsAsync(now - (6 * 3_600_000), now - (5 * 3_600_000))).Should().Equal("all", "gaps", "old");
        (await HostsAsync(now - 60_000, now)).Should().Equal("all", "gaps", "new");

        async Task<string[]> HostsAsync(long from, long to) =>
            [.. (await service.SeriesAsync([x!], from, to)).Found.Select(l => l["host"]).Order()];
    }

    [Fact]
    public async Task What_is_too_much_or_given_up_ends_with_its_reason()
    {
        using QueryService service = Service(new EngineOptions { MaxSamples = 1000 });
        PreparedQuery query = Query("x");
        long now = s_now.ToUnixTimeMilliseconds();
        Func<Task> tooMuch = () =>
            service.RangeAsync(query, EvaluationSteps.Between(now - (5 * 3_600_000), now, 60_000), TimeSpan.FromMinutes(1));
        (await tooMuch.Should().ThrowAsync<QueryException>()).Which.Failure.Should().Be(QueryFailure.Limit);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Func<Task> gone = () => service.InstantAsync(query, now, TimeSpan.FromMinutes(1), ct: cancelled.Token);
        (await gone.Should().ThrowAsync<QueryException>()).Which.Failure.Should().Be(QueryFailure.Canceled);
    }

    [Fact]
    public async Task Memory_is_held_until_the_result_is_let_go_and_never_more_than_a_query_may()
    {
        using QueryService service = Service();
        long now = s_now.ToUnixTimeMilliseconds();
        EvaluationSteps grid = EvaluationSteps.Between(now - 3_600_000, now, 1000);
        using QueryMemory memory = service.NewMemory();
        await service.RangeAsync(Query("x"), grid, TimeSpan.FromMinutes(1), memory);
        memory.Bytes.Should().BeGreaterThan(3 * 3600 * sizeof(double));
        memory.Dispose();
        memory.Bytes.Should().Be(0);
        using QueryService poor = Service(new EngineOptions { MaxBytes = 1 << 20 });
        Func<Task> tooMuch = () => poor.InstantAsync(Query("max_over_time(vector(1)[30d:1s])"), now, TimeSpan.FromMinutes(1));
        (await tooMuch.Should().ThrowAsync<QueryException>()).Which.Message.Should()
            .Be("query processing would take too much memory (limit: 1 MiB)");
    }

    [Fact]
    public async Task A_store_that_never_answers_costs_history_and_holds_up_nothing_else()
    {
        await using var stalled = new StalledStore();
        using QueryService service = Service(store: stalled);
        long now = s_now.ToUnixTimeMilliseconds();
        Task<QueryResult>[] history = [.. Enumerable.Range(3, 10)
            .Select(hours => service.InstantAsync(Query($"x or x offset {hours}h"), now, TimeSpan.FromMinutes(1)))];
        QueryResult recent = await service.InstantAsync(Query("x"), now, TimeSpan.FromMinutes(1));
        recent.Warnings.Should().BeEmpty("what needs no history does not wait for it");
        history.Should().NotContain(h => h.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(31));
        foreach (QueryResult result in await Task.WhenAll(history))
        {
            result.Vector.Should().NotBeEmpty("what is in memory is given");
            result.Warnings.Should().ContainSingle().Which.Should().Match("history before * could not be read: the stalled store *");
        }
        VectorSelector.TryParse("x", out VectorSelector? x, out _).Should().BeTrue();
        (IReadOnlyList<Labels> found, string? warning) = await service.SeriesAsync([x!], now - (6 * 3_600_000), now);
        found.Should().NotBeEmpty();
        warning.Should().EndWith("was too slow a moment ago", "nobody waits for it again at once");
    }

    [Fact]
    public async Task Who_has_no_patience_takes_history_from_nobody()
    {
        await using var stalled = new StalledStore();
        using QueryService service = Service(store: stalled);
        long now = s_now.ToUnixTimeMilliseconds();
        Task<QueryResult> hasty = service.InstantAsync(Query("x or x offset 5h"), now, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(0.6));
        (await hasty).MissesHistory.Should().BeTrue();
        Task<QueryResult> patient = service.InstantAsync(Query("x or x offset 5h"), now, TimeSpan.FromMinutes(1));
        patient.IsCompleted.Should().BeFalse("the store is asked all the same");
        _time.Advance(TimeSpan.FromSeconds(31));
        (await patient).Warnings.Should().ContainSingle().Which.Should().EndWith("did not give it within 30s");
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _head.Dispose();
        Directory.Delete(_folder, true);
    }

    private static PreparedQuery Query(string text) =>
        PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error) ? query! : throw new ArgumentException($"{error}");

    private QueryService Service(EngineOptions? options = null, ISampleStore? store = null) => new(
        _head, store ?? _store, new QueryEngine(options ?? new EngineOptions()), MetricsOptions.Parse("query: {}").Query,
        new MemoryBudget(new MemoryLimit(1L << 30, "test", IsHard: true), _time), new QueryMetrics(new MetricRegistry()), _time);

    private void Add(SampleBatch batch, Labels labels, long at, double value)
    {
        batch.Add(labels, at, value);
        _everything.Add(labels, at, value);
    }

    private static string[] Text(QueryResult result) =>
        [.. result.Matrix.Select(m => $"{m.Labels} {string.Join(' ', m.Times.Zip(m.Values))}").Order(StringComparer.Ordinal)];

    private sealed class StalledStore : ISampleStore
    {
        public string Description => "the stalled store";

        public string? Trouble => null;

        public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

        public Task WriteAsync(IReadOnlyList<SampleBatch> batches, CancellationToken ct) => Task.CompletedTask;

        public async IAsyncEnumerable<SampleBatch> ReadAsync(
            IReadOnlyList<LabelMatcher> matchers, long from, long to, [EnumeratorCancellation] CancellationToken ct)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            yield break;
        }

        public Task MaintainAsync(DateTimeOffset now, CancellationToken ct) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
