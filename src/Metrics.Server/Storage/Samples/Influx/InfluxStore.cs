using System.Runtime.CompilerServices;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.Events;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// History in InfluxDB. What the server does not take now waits in the spool; a write returns when its samples are stored or spooled.
/// </summary>
internal sealed class InfluxStore(
    InfluxOptions options, string dataFolder, StoreMetrics samples, InfluxMetrics metrics, TimeProvider time, ILogger<InfluxStore> log)
    : ISampleStore
{
    private readonly InfluxSender _sender = new(options, InfluxFlow.Samples(dataFolder, samples), metrics, time, log);
    private readonly InfluxLines _lines = new(samples, metrics);

    public string Description => _sender.Description;

    public Task OpenAsync(CancellationToken ct)
    {
        _sender.Open();
        return Task.CompletedTask;
    }

    public async Task WriteAsync(IReadOnlyList<SampleBatch> batches, CancellationToken ct)
    {
        foreach ((byte[] body, int lines) in _lines.Write(batches, options.BatchLines, options.BatchBytes))
            await _sender.WriteAsync(body, lines, ct);
    }

    public async IAsyncEnumerable<SampleBatch> ReadAsync(
        IReadOnlyList<LabelMatcher> matchers, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        string? metric = matchers.FirstOrDefault(m => m is { Name: Labels.MetricName, Kind: MatchKind.Equal })?.Value;
        string fields = metric is null ? "*" : InfluxClient.Quote(metric);
        // A tag that is asked for exactly narrows the search on the server; the rest is looked at here.
        string tags = string.Concat(matchers.Where(m => m.Kind == MatchKind.Equal && m.Name != Labels.MetricName && m.Value.Length > 0)
            .Select(m => $" AND {InfluxClient.Quote(m.Name)} = {InfluxClient.QuoteText(m.Value)}"));
        foreach (string family in metric is null ? await FamiliesAsync(ct) : [InfluxLines.Family(metric)])
        {
            string query = $"SELECT {fields} FROM {InfluxClient.Quote(family)} WHERE time >= {from}ms AND time <= {to}ms{tags} GROUP BY *";
            await foreach (JsonDocument chunk in _sender.Client.QueryChunksAsync(query, HttpMethod.Get, ct))
            {
                using (chunk)
                {
                    foreach (JsonElement series in SeriesIn(chunk))
                        yield return ToBatch(family, series, matchers);
                }
            }
        }
    }

    /// <summary>All families; the copies of events hold no samples, and much text.</summary>
    private async Task<List<string>> FamiliesAsync(CancellationToken ct)
    {
        var families = new List<string>();
        using JsonDocument answer = await _sender.Client.QueryAsync("SHOW MEASUREMENTS", HttpMethod.Get, ct);
        foreach (JsonElement series in SeriesIn(answer))
            families.AddRange(
                series.GetProperty("values").EnumerateArray().Select(v => v[0].GetString()!).Where(f => f != EventLines.Measurement));
        return families;
    }

    public Task MaintainAsync(DateTimeOffset now, CancellationToken ct) => Task.CompletedTask;   // retention is the server's own

    public ValueTask DisposeAsync() => _sender.DisposeAsync();

    private static IEnumerable<JsonElement> SeriesIn(JsonDocument document) => document.RootElement.GetProperty("results").EnumerateArray()
        .SelectMany(r => r.TryGetProperty("series", out JsonElement series) ? series.EnumerateArray() : Enumerable.Empty<JsonElement>());

    private static SampleBatch ToBatch(string family, JsonElement series, IReadOnlyList<LabelMatcher> matchers)
    {
        Label[] tags = series.TryGetProperty("tags", out JsonElement given)
            ? [.. given.EnumerateObject().Select(t => new Label(t.Name, t.Value.GetString() ?? ""))]
            : [];
        List<string> columns = [.. series.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!)];
        // Fields that others wrote into a measurement of this name are not ours to read.
        Labels?[] metricsOf = [.. columns.Select(c => InfluxLines.Family(c) == family
            && Labels.TryCreate([.. tags, new Label(Labels.MetricName, c)], out Labels? l, out _) && matchers.All(m => m.Matches(l!))
                ? l
                : null)];
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
}
