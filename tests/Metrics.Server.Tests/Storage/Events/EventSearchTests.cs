using Metrics.Inputs;
using Metrics.Model;
using Metrics.Storage.Events;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Storage.Events;

/// <summary>A few among many: found in the order that is asked for, however the tables are cut into parts.</summary>
public sealed class EventSearchTests : IAsyncLifetime
{
    private const int Days = 3, RowsPerDay = 4_000, Every = 7;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly EventLogFolder _folder;
    private readonly List<string> _needles = [];

    public EventSearchTests() => _folder = new EventLogFolder(_time);

    public async ValueTask InitializeAsync()
    {
        await using EventLog log = _folder.Open();
        for (int row = 0; row < Days * RowsPerDay; row += RowsPerDay)
        {
            var batch = new EventBatch("t");
            long now = _time.GetUnixNanoseconds();
            for (int n = row; n < row + RowsPerDay; n++)
                batch.Add(now, now, "log", 9, n % Every == 0 ? $"a Needle {n}" : $"straw {n}");
            await EventLogFolder.WriteAsync(log, batch);
            _time.Advance(TimeSpan.FromDays(1));
        }
        _needles.AddRange(Enumerable.Range(0, Days * RowsPerDay).Where(n => n % Every == 0).Select(n => $"a Needle {n}"));
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(1, true, 1_000)]
    [InlineData(1, false, 1_000)]
    [InlineData(3, true, 100)]
    [InlineData(700, true, 1_000)]
    [InlineData(700, false, 1_000)]
    [InlineData(700, true, 1_000_000)]
    [InlineData(10_000, true, 1_000)]
    [InlineData(10_000, false, 1_000_000)]
    public async Task The_first_in_the_order_are_found(int limit, bool newestFirst, int rowsPerPart)
    {
        IEnumerable<string> expected = newestFirst ? Enumerable.Reverse(_needles) : _needles;
        (await FindAsync(new EventQuery { Text = "needle", NewestFirst = newestFirst, Limit = limit }, rowsPerPart))
            .Select(e => e.Body).Should().Equal(expected.Take(limit));
    }

    [Theory]
    [InlineData(true, 1_000)]
    [InlineData(false, 1_000)]
    [InlineData(true, 1_000_000)]
    [InlineData(false, 1_000_000)]
    public async Task It_goes_on_behind_the_last_that_was_found(bool newestFirst, int rowsPerPart)
    {
        var query = new EventQuery { Text = "needle", NewestFirst = newestFirst, Limit = 1_000 };
        List<(long Id, string Body)> found = await FindAsync(query, rowsPerPart), page = found;
        while (page.Count > 0 && found.Count <= _needles.Count)
        {
            page = await FindAsync(query with { After = found[^1].Id }, rowsPerPart);
            found = [.. found, .. page];
        }
        found.Select(e => e.Body).Should().Equal(newestFirst ? Enumerable.Reverse(_needles) : _needles);
    }

    [Fact]
    public async Task One_that_is_given_up_ends_and_the_file_can_be_closed()
    {
        using EventLogFile file = Open(out IReadOnlyList<EventTable> tables);
        using var stop = new CancellationTokenSource();
        var search = new EventSearch(file, new EventQuery { Text = "needle", Limit = 10_000 }, 100);
        Func<Task> reading = async () =>
        {
            await foreach (EventBatch batch in search.ReadAsync(tables, stop.Token))
            {
                batch.Dispose();
                await stop.CancelAsync();
            }
        };
        await reading.Should().ThrowAsync<OperationCanceledException>();
        file.TryRestore("nobody reads it").Should().BeTrue();
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public async Task What_is_read_is_bounded_in_bytes_and_is_the_first_in_the_order_as_well(int rowsPerPart)
    {
        await using (EventLog log = _folder.Open())
        {
            var batch = new EventBatch("t");
            long now = _time.GetUnixNanoseconds();
            for (int n = 0; n < RowsPerDay; n++)
                batch.Add(now, now, "log", 9, $"a Needle {n}{new string('x', 4_000)}");
            await EventLogFolder.WriteAsync(log, batch);
        }
        var query = new EventQuery { Text = "needle", NewestFirst = true, Limit = 10_000 };
        List<(long Id, string Body)> all = await FindAsync(query, rowsPerPart, Days + 1);
        List<(long Id, string Body)> found = await FindAsync(query with { MaxBytes = 1 << 20 }, rowsPerPart, Days + 1);
        found.Should().HaveCountGreaterThan(200).And.HaveCountLessThan(RowsPerDay / 2);
        found.Should().Equal(all.Take(found.Count));
    }

    [Theory]
    [InlineData("log")]
    [InlineData(null)]
    public async Task As_many_as_may_be_asked_for_fit_into_the_memory_of_the_file_also_where_they_are_large(string? kind)
    {
        const int Written = 20_000, Limit = 10_000;
        await using EventLog log = _folder.Open();
        long now = _time.GetUnixNanoseconds();
        for (int row = 0; row < Written; row += 1_000)
        {
            var batch = new EventBatch("t");
            for (int n = row; n < row + 1_000; n++)
                batch.Add(now + n, now, "log", 9, new string('x', 2_000));
            await EventLogFolder.WriteAsync(log, batch);
        }
        var times = new List<long>();
        var query = new EventQuery { Kinds = kind is null ? null : new HashSet<string> { kind }, NewestFirst = true, Limit = Limit };
        await foreach (EventBatch batch in log.ReadAsync(query, TestContext.Current.CancellationToken))
        {
            using (batch)
                times.AddRange(batch.Times);
        }
        times.Should().Equal(Enumerable.Range(1, Limit).Select(n => now + Written - n));
    }

    private EventLogFile Open(out IReadOnlyList<EventTable> tables, int days = Days)
    {
        var file = new EventLogFile(_folder.Storage, _folder.Metrics, _time, NullLogger.Instance);
        tables = file.Open();
        tables.Should().HaveCount(days);
        return file;
    }

    private async Task<List<(long Id, string Body)>> FindAsync(EventQuery query, int rowsPerPart, int days = Days)
    {
        using EventLogFile file = Open(out IReadOnlyList<EventTable> tables, days);
        var found = new List<(long, string)>();
        IEnumerable<EventTable> wanted = (query.NewestFirst ? tables.Reverse() : tables).Where(query.MayBeIn).Select(query.Within);
        await foreach (EventBatch batch in new EventSearch(file, query, rowsPerPart)
            .ReadAsync(wanted, TestContext.Current.CancellationToken))
        {
            using (batch)
                found.AddRange(Enumerable.Range(0, batch.Count).Select(row => (batch.Ids[row], batch.Value(row, EventFields.Body)!)));
        }
        return found;
    }
}
