using DuckDB.NET.Data;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Storage;

public sealed class DuckDbStoreTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("duck").FullName;
    private readonly FakeTimeProvider _time = new(s_start);

    [Fact]
    public async Task Every_sample_comes_back_after_a_restart_bit_for_bit()
    {
        long at = s_start.ToUnixTimeMilliseconds();
        Labels odd = Labels.Of("m", ("path", "C:\\x"), ("text", "a \"b\"\nc, ü"));
        double[] values = [1, -0.0, 1e-300, double.NaN, double.PositiveInfinity, StaleMarker.Value];
        await using (DuckDbStore store = await OpenAsync())
        {
            var batch = new SampleBatch("t");
            for (int i = 0; i < values.Length; i++)
                batch.Add(odd, at + i, values[i]);
            for (int i = 0; i < 5000; i++)
                batch.Add(Labels.Of("many", ("i", $"{i}")), at, i);
            await store.WriteAsync([batch], default);
        }
        await using DuckDbStore again = await OpenAsync();
        List<(Labels Series, long Time, double Value)> read = await ReadAsync(again, at - 1, at + 1000);
        read.Where(r => r.Series.Equals(odd)).Select(r => BitConverter.DoubleToInt64Bits(r.Value)).Should()
            .Equal(values.Select(BitConverter.DoubleToInt64Bits));
        read.Where(r => r.Series.Name == "many").Select(r => (r.Series["i"], r.Value)).Should()
            .BeEquivalentTo(Enumerable.Range(0, 5000).Select(i => ($"{i}", (double)i)));
        await WriteAsync(again, (odd, at + 100, 7));
        (await ReadAsync(again, at + 50, at + 100)).Should().ContainSingle("the series is known under its old number");
        await WriteAsync(again, [.. Enumerable.Range(0, 5010).Select(i => (Labels.Of("many", ("i", $"{i}")), at + 200, (double)i))]);
        Dictionary<string, double> later = (await ReadAsync(again, at + 200, at + 200)).ToDictionary(r => r.Series["i"], r => r.Value);
        later.Should()
            .HaveCount(5010).And.OnlyContain(r => r.Value == double.Parse(r.Key, System.Globalization.CultureInfo.InvariantCulture));
        using DuckDBConnection file = new($"Data Source={again.FilePath}");
        file.Open();
        using DuckDBCommand command = file.CreateCommand();
        command.CommandText = "SELECT count(*) FROM series";
        command.ExecuteScalar().Should().Be(5011L, "each series has one number");
    }

    [Fact]
    public async Task Past_days_are_compacted_late_samples_merged_and_old_days_dropped()
    {
        await using DuckDbStore store = await OpenAsync();
        long today = s_start.ToUnixTimeMilliseconds(), day = DuckDbStore.DayMilliseconds;
        Labels a = Labels.Of("a"), b = Labels.Of("b");
        await WriteAsync(store, (b, today, 2), (a, today, 1), (a, today + 1000, 3));
        _time.Advance(TimeSpan.FromDays(1));
        await WriteAsync(store, (a, today + day, 4), (a, today - (5 * day), 0), (a, today - (400 * day), 9));
        await store.MaintainAsync(_time.GetUtcNow(), default);
        await WriteAsync(store, (a, today + 500, 2.5));
        await store.MaintainAsync(_time.GetUtcNow(), default);
        List<(Labels Series, long Time, double Value)> all = await ReadAsync(store, 0, long.MaxValue / 2);
        all.Where(r => r.Series.Equals(a) && r.Time >= today && r.Time < today + day).Select(r => r.Value).Should().Equal(1, 2.5, 3);
        all.Should().HaveCount(7, "nothing is lost by compaction, also what came 400 days late before retention");
        await store.MaintainAsync(_time.GetUtcNow() + TimeSpan.FromDays(365), default);
        (await ReadAsync(store, 0, long.MaxValue / 2)).Select(r => r.Time).Should().OnlyContain(t => t >= today + day);
    }

    [Fact]
    public async Task A_planner_gets_names_labels_and_times_as_Parquet()
    {
        await using DuckDbStore store = await OpenAsync();
        long at = s_start.ToUnixTimeMilliseconds();
        await WriteAsync(store, (Labels.Of("cpu", ("host", "a")), at, 1.5), (Labels.Of("mem", ("host", "a")), at, 2));
        string file = Path.Combine(_folder, "out.parquet");
        store.Export(file, Hours("cpu"), default).Should().Be(1);
        using var reader = new DuckDBConnection("Data Source=:memory:");
        reader.Open();
        using DuckDBCommand command = reader.CreateCommand();
        command.CommandText =
            $"SELECT name || ' ' || (labels->>'host') || ' ' || strftime(time, '%Y-%m-%dT%H:%M') || ' ' || value FROM '{file}'";
        command.ExecuteScalar().Should().Be("cpu a 2026-03-10T12:00 1.5");
    }

    [Theory]
    [InlineData(null, 4)]
    [InlineData("cpu", 1)]
    [InlineData("cpu.*", 3)]
    [InlineData("cpu_[ab]|mem", 3)]
    [InlineData("pu", 0)]
    [InlineData("c.u", 1)]
    public async Task An_expression_says_which_metrics_are_exported_by_their_whole_names(string? metric, int samples)
    {
        await using DuckDbStore store = await OpenAsync();
        long at = s_start.ToUnixTimeMilliseconds();
        await WriteAsync(store, [.. new[] { "cpu", "cpu_a", "cpu_b", "mem" }.Select(n => (Labels.Of(n), at, 1.0))]);
        store.Export(Path.Combine(_folder, "out.parquet"), Hours(metric), default).Should().Be(samples);
    }

    [Fact]
    public async Task Everybody_else_gets_them_as_CSV()
    {
        await using DuckDbStore store = await OpenAsync();
        long at = s_start.ToUnixTimeMilliseconds();
        await WriteAsync(
            store, (Labels.Of("cpu", ("host", "say \"a,b\"")), at + 250, 1.5), (Labels.Of("cpu", ("host", "b'")), at, double.NaN),
            (Labels.Of("mem"), at, double.PositiveInfinity));
        string file = Path.Combine(_folder, "it's.csv");
        store.Export(file, Hours(null) with { Form = ExportForm.Csv }, default).Should().Be(3);
        (await File.ReadAllTextAsync(file)).Should().Be("""""
            name,labels,time,value
            cpu,"{""__name__"":""cpu"",""host"":""b'""}",2026-03-10T12:00:00.000Z,nan
            cpu,"{""__name__"":""cpu"",""host"":""say \""a,b\""""}",2026-03-10T12:00:00.250Z,1.5
            mem,"{""__name__"":""mem""}",2026-03-10T12:00:00.000Z,inf

            """"");
    }

    [Fact]
    public async Task An_export_that_nobody_waits_for_any_more_ends()
    {
        await using DuckDbStore store = await OpenAsync();
        long at = s_start.ToUnixTimeMilliseconds();
        await WriteAsync(store, [.. Enumerable.Range(0, 300_000).Select(i => (Labels.Of("cpu", ("i", $"{i % 1000}")), at + i, (double)i))]);
        using var gone = new CancellationTokenSource();
        string file = Path.Combine(_folder, "out.parquet");
        Task export = Task.Run(() => store.Export(file, Hours(null), gone.Token));
        await Eventually.Async(() => File.Exists(file) || export.IsCompleted, "it has begun");
        await gone.CancelAsync();
        await FluentActions.Awaiting(() => export).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_is_told_in_one_line()
    {
        string file = Path.Combine(_folder, "a-file");
        await File.WriteAllTextAsync(file, "");
        await using var store = new DuckDbStore(Options(Path.Combine(file, "data")), _time, NullLogger<DuckDbStore>.Instance);
        Func<Task> open = () => store.OpenAsync(default);
        (await open.Should().ThrowAsync<StoreException>()).Which.Message.Should().NotContain("\n").And.Contain("a-file");
    }

    [Fact]
    public async Task A_file_that_is_not_open_now_is_no_fault_of_ours()
    {
        await using var store = new DuckDbStore(Options(_folder), _time, NullLogger<DuckDbStore>.Instance);
        Func<Task> read = () => ReadAsync(store, 0, 1), maintain = () => store.MaintainAsync(s_start, default);
        Action export = () => store.Export(Path.Combine(_folder, "out.parquet"), Hours(null), default);
        (await read.Should().ThrowAsync<StoreException>()).WithMessage("*metrics.duckdb is not open now");
        await maintain.Should().ThrowAsync<StoreException>();
        export.Should().Throw<StoreException>();
        await store.OpenAsync(default);
        await read.Should().NotThrowAsync();
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private static ExportOrder Hours(string? metric)
    {
        ExportNames.TryParse(metric, out ExportNames names, out _).Should().BeTrue();
        return new(ExportForm.Parquet, new ExportRange(s_start.AddHours(-1), s_start.AddHours(1)), names);
    }

    private StorageOptions Options(string path) => MetricsOptions.Parse($"storage: {{ path: '{path}' }}").Storage;

    private async Task<DuckDbStore> OpenAsync()
    {
        var store = new DuckDbStore(Options(_folder), _time, NullLogger<DuckDbStore>.Instance);
        await store.OpenAsync(default);
        return store;
    }

    private static async Task WriteAsync(DuckDbStore store, params (Labels Series, long Time, double Value)[] rows)
    {
        var batch = new SampleBatch("t");
        foreach ((Labels series, long time, double value) in rows)
            batch.Add(series, time, value);
        await store.WriteAsync([batch], default);
    }

    private static async Task<List<(Labels Series, long Time, double Value)>> ReadAsync(DuckDbStore store, long from, long to)
    {
        var rows = new List<(Labels, long, double)>();
        await foreach (SampleBatch batch in store.ReadAsync([], from, to, default))
        {
            for (int i = 0; i < batch.Count; i++)
                rows.Add((batch.Series[i], batch.Times[i], batch.Values[i]));
        }
        return rows;
    }
}
