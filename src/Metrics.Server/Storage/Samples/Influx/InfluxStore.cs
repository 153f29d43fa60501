using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.Spool;
using Metrics.Telemetry;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// History in InfluxDB. What the server does not take now goes to a bounded spool on disk and is replayed in order once it answers again;
/// while anything waits there, everything goes through it. A write returns when its samples are stored or spooled.
/// </summary>
internal sealed partial class InfluxStore(
    InfluxOptions options, string dataFolder, SelfMetrics metrics, TimeProvider time, ILogger<InfluxStore> log) : ISampleStore
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(60);
    private const long MaxRejectedBytes = 16 << 20;

    private readonly InfluxClient _client = new(options, metrics, time);
    private readonly InfluxLines _lines = new(metrics);
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _spooled = new(0);
    private DiskSpool? _spool;
    private Task _replay = Task.CompletedTask;
    private DateTimeOffset _rejectionLogged;

    public string Description => $"InfluxDB at {options.Url}";

    /// <summary>Requests that wait on disk.</summary>
    public int Waiting => _spool?.Count ?? 0;

    public Task OpenAsync(CancellationToken ct)
    {
        try
        {
            _spool = new DiskSpool(Path.Combine(dataFolder, "spool"), options.SpoolBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The spool in {Path.GetFullPath(dataFolder)} cannot be used: {e.Message}", e);
        }
        metrics.BeforeCollect(() =>
        {
            metrics.SpoolBytes.Set(_spool.Bytes);
            metrics.SpoolRecords.Set(_spool.Count);
            metrics.SpoolOldest.Set(_spool.Peek() is { } oldest ? (time.GetUtcNow().ToUnixTimeMilliseconds() - oldest.Time) / 1000.0 : 0);
        });
        _replay = Task.Run(() => ReplayAsync(_stop.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task WriteAsync(IReadOnlyList<SampleBatch> batches, CancellationToken ct)
    {
        foreach ((byte[] body, int lines) in _lines.Write(batches, options.BatchLines, options.BatchBytes))
        {
            if (_spool!.Count > 0)
            {
                Spool(body, lines);
                continue;
            }
            InfluxAnswer answer = await SendAsync(body, lines, ct);
            if (answer.Verdict is WriteVerdict.Retry or WriteVerdict.Hold)
            {
                LogSpooling(Description, answer.Reason);
                Spool(body, lines);
            }
        }
    }

    public async IAsyncEnumerable<SampleBatch> ReadAsync(IReadOnlyList<LabelMatcher> matchers, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        string? metric = matchers.FirstOrDefault(m => m is { Name: Labels.MetricName, Kind: MatchKind.Equal })?.Value;
        string fields = metric is null ? "*" : InfluxClient.Quote(metric);
        // A tag that is asked for exactly narrows the search on the server; the rest is looked at here.
        string tags = string.Concat(matchers.Where(m => m.Kind == MatchKind.Equal && m.Name != Labels.MetricName && m.Value.Length > 0)
            .Select(m => $" AND {InfluxClient.Quote(m.Name)} = {InfluxClient.QuoteText(m.Value)}"));
        foreach (string family in metric is null ? await FamiliesAsync(ct) : [InfluxLines.Family(metric)])
        {
            string query = $"SELECT {fields} FROM {InfluxClient.Quote(family)} WHERE time >= {from}ms AND time <= {to}ms{tags} GROUP BY *";
            await foreach (JsonDocument chunk in _client.QueryChunksAsync(query, HttpMethod.Get, ct))
            {
                using (chunk)
                {
                    foreach (JsonElement series in SeriesIn(chunk))
                        yield return ToBatch(family, series, matchers);
                }
            }
        }
    }

    private async Task<List<string>> FamiliesAsync(CancellationToken ct)
    {
        var families = new List<string>();
        using JsonDocument answer = await _client.QueryAsync("SHOW MEASUREMENTS", HttpMethod.Get, ct);
        foreach (JsonElement series in SeriesIn(answer))
            families.AddRange(series.GetProperty("values").EnumerateArray().Select(v => v[0].GetString()!));
        return families;
    }

    public Task MaintainAsync(DateTimeOffset now, CancellationToken ct) => Task.CompletedTask;   // retention is the server's own

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _replay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _spool?.Dispose();
        _stop.Dispose();
        _spooled.Dispose();
    }

    /// <summary>Sends a body, halving it where one of its lines spoils the rest.</summary>
    /// <returns><see cref="WriteVerdict.Retry"/> and <see cref="WriteVerdict.Hold"/> mean: the whole body is still to be sent.</returns>
    private async Task<InfluxAnswer> SendAsync(byte[] lines, int count, CancellationToken ct)
    {
        InfluxAnswer answer = await _client.WriteAsync(_client.Pack(lines), ct);
        switch (answer.Verdict)
        {
            case WriteVerdict.NoDatabase when options.CreateDatabase && options.Version == InfluxVersion.V1:
                if (await _client.CreateDatabaseAsync(ct) is { } refusal)
                    return answer with { Verdict = WriteVerdict.Hold, Reason = $"{answer.Reason}; creating it failed: {refusal}" };
                LogCreated(options.Database);
                return await SendAsync(lines, count, ct);
            case WriteVerdict.NoDatabase:
                return answer with { Verdict = WriteVerdict.Hold };
            case WriteVerdict.Partial:
                Reject(Math.Min(answer.Dropped, count), answer.Reason, null);
                return answer;
            case WriteVerdict.Rejected:
            case WriteVerdict.Halve when count == 1:
                Reject(count, answer.Reason, lines);
                return answer;
            case WriteVerdict.Halve:
                return await SendHalvesAsync(lines, count, ct);
            default:
                return answer;
        }
    }

    private async Task<InfluxAnswer> SendHalvesAsync(byte[] lines, int count, CancellationToken ct)
    {
        int middle = 0;
        for (int i = 0; i < count / 2; i++)
            middle += lines.AsSpan(middle).IndexOf((byte)'\n') + 1;
        InfluxAnswer first = await SendAsync(lines[..middle], count / 2, ct);
        if (first.Verdict is WriteVerdict.Retry or WriteVerdict.Hold)
            return first;
        // Should the second half have to wait, the first is sent once more with it: the same points again change nothing.
        return await SendAsync(lines[middle..], count - (count / 2), ct);
    }

    private void Spool(byte[] lines, int count)
    {
        int dropped;
        try
        {
            dropped = _spool!.Append(time.GetUtcNow().ToUnixTimeMilliseconds(), count, _client.Pack(lines));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{Description} does not answer, and the spool in {Path.GetFullPath(dataFolder)} cannot be written: {e.Message}", e);
        }
        if (dropped > 0)
            metrics.StoreDropped.WithLabels("spool_full").Inc(dropped);
        _spooled.Release();
    }

    private async Task ReplayAsync(CancellationToken ct)
    {
        TimeSpan pause = TimeSpan.Zero;
        while (!ct.IsCancellationRequested)
        {
            if (_spool!.Peek() is not { } record)
            {
                await _spooled.WaitAsync(ct);
                continue;
            }
            if (time.GetUtcNow().ToUnixTimeMilliseconds() - record.Time > options.SpoolAge.TotalMilliseconds)
            {
                metrics.StoreDropped.WithLabels("expired").Inc(record.Lines);
                _spool.Remove(record);
                continue;
            }
            InfluxAnswer answer = await SendAsync(InfluxClient.Unpack(record.Body), record.Lines, ct);
            if (answer.Verdict is not (WriteVerdict.Retry or WriteVerdict.Hold))
            {
                if (pause > TimeSpan.Zero)
                    LogReplaying(Description, _spool.Count);
                pause = TimeSpan.Zero;
                _spool.Remove(record);
                if (_spool.Count == 0)
                    LogDrained();
                continue;
            }
            pause = NextPause(pause, answer.RetryAfter);
            await Task.Delay(pause, time, ct);
        }
    }

    /// <summary>Doubles from one second to a minute with full jitter; the server's own wish is a lower bound.</summary>
    internal static TimeSpan NextPause(TimeSpan before, TimeSpan? retryAfter)
    {
        TimeSpan max = before == TimeSpan.Zero ? s_firstPause : before * 2 < s_longestPause ? before * 2 : s_longestPause;
        TimeSpan pause = (max * (0.5 + (Random.Shared.NextDouble() / 2)));
        return retryAfter is { } wish && wish > pause ? wish * (1 + (Random.Shared.NextDouble() / 10)) : pause;
    }

    private void Reject(int count, string reason, byte[]? lines)
    {
        metrics.StoreDropped.WithLabels("rejected").Inc(count);
        DateTimeOffset now = time.GetUtcNow();
        if (now - _rejectionLogged > TimeSpan.FromMinutes(1))
        {
            _rejectionLogged = now;
            LogRejected(count, Description, reason);
        }
        if (lines is not null)
            KeepRejected(reason, lines);
    }

    /// <summary>What can never be sent is kept aside with the server's reason, for people to look at.</summary>
    private void KeepRejected(string reason, byte[] lines)
    {
        try
        {
            string folder = Path.Combine(dataFolder, "rejected");
            Directory.CreateDirectory(folder);
            string file = Path.Combine(folder, "rejected.lp");
            if (File.Exists(file) && new FileInfo(file).Length > MaxRejectedBytes)
                File.Move(file, file + ".1", overwrite: true);
            using FileStream stream = File.Open(file, FileMode.Append);
            stream.Write(Encoding.UTF8.GetBytes($"# {reason.ReplaceLineEndings(" ")}\n"));
            stream.Write(lines);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(e.Message);
        }
    }

    private static IEnumerable<JsonElement> SeriesIn(JsonDocument document) => document.RootElement.GetProperty("results").EnumerateArray()
        .SelectMany(r => r.TryGetProperty("series", out JsonElement series) ? series.EnumerateArray() : Enumerable.Empty<JsonElement>());

    private static SampleBatch ToBatch(string family, JsonElement series, IReadOnlyList<LabelMatcher> matchers)
    {
        Label[] tags = series.TryGetProperty("tags", out JsonElement given)
            ? [.. given.EnumerateObject().Select(t => new Label(t.Name, t.Value.GetString() ?? ""))]
            : [];
        List<string> columns = [.. series.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!)];
        // Fields that others wrote into a measurement of this name are not ours to read.
        Labels?[] metricsOf = [.. columns.Select(c => InfluxLines.Family(c) == family && Labels.TryCreate([.. tags, new Label(Labels.MetricName, c)], out Labels? l, out _) && matchers.All(m => m.Matches(l!)) ? l : null)];
        var batch = new SampleBatch("store");
        foreach (JsonElement row in series.GetProperty("values").EnumerateArray())
        {
            long at = row[0].GetInt64();
            for (int i = 1; i < columns.Count; i++)
            {
                if (metricsOf[i] is { } labels && row[i].ValueKind == JsonValueKind.Number)
                    batch.Add(labels, at, row[i].GetDouble());
            }
        }
        return batch;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Store} does not take data: {Reason} It is kept on disk until it does.")]
    private partial void LogSpooling(string store, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Store} answers again; {Requests} requests on disk are replayed")]
    private partial void LogReplaying(string store, int requests);

    [LoggerMessage(Level = LogLevel.Information, Message = "Everything that waited on disk is sent")]
    private partial void LogDrained();

    [LoggerMessage(Level = LogLevel.Information, Message = "Created the database {Database}")]
    private partial void LogCreated(string database);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} lines are refused for good by {Store}: {Reason}")]
    private partial void LogRejected(int count, string store, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused lines cannot be kept: {Reason}")]
    private partial void LogNotKept(string reason);
}
