using System.Runtime.CompilerServices;
using System.Text.Json;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.Events;

namespace Metrics.Storage.Samples.Influx;

/// <summary>Reads history by InfluxQL. What comes is believed no further than it can be checked.</summary>
internal sealed class InfluxQlReader(Influx1Server server)
{
    /// <summary>Answers of a thousand names each that a list of families may take.</summary>
    private const int MaxFamilyChunks = 1000;

    /// <inheritdoc cref="ISampleStore.ReadAsync"/>
    public async IAsyncEnumerable<SampleBatch> ReadAsync(
        IReadOnlyList<LabelMatcher> matchers, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        string? metric = matchers.FirstOrDefault(m => m is { Name: Labels.MetricName, Kind: MatchKind.Equal })?.Value;
        string fields = metric is null ? "*" : Influx1Server.Quote(metric);
        // A tag that is asked for exactly narrows the search on the server; the rest is looked at here.
        string tags = string.Concat(matchers.Where(m => m.Kind == MatchKind.Equal && m.Name != Labels.MetricName && m.Value.Length > 0)
            .Select(m => $" AND {Influx1Server.Quote(m.Name)} = {Influx1Server.QuoteText(m.Value)}"));
        foreach (string family in metric is null ? await FamiliesAsync(ct) : [InfluxLines.Family(metric)])
        {
            string query = $"SELECT {fields} FROM {Influx1Server.Quote(family)} WHERE time >= {from}ms AND time <= {to}ms{tags} GROUP BY *";
            await foreach (JsonDocument chunk in server.QueryAsync(query, HttpMethod.Get, ct))
            {
                List<SampleBatch> batches;
                using (chunk)
                    batches = Understand(chunk, series => ToBatch(family, series, matchers, from, to));
                foreach (SampleBatch batch in batches)
                    yield return batch;
            }
        }
    }

    /// <summary>All families; the copies of events hold no samples, and much text.</summary>
    private async Task<List<string>> FamiliesAsync(CancellationToken ct)
    {
        var families = new List<string>();
        int chunks = 0;
        await foreach (JsonDocument chunk in server.QueryAsync("SHOW MEASUREMENTS", HttpMethod.Get, ct))
        {
            using (chunk)
                families.AddRange(Understand(chunk, NamesIn).SelectMany(n => n));
            if (++chunks > MaxFamilyChunks)
                throw new StoreException("the list of measurements has no end");
        }
        families.RemoveAll(f => f == EventLines.Measurement);
        return families;
    }

    private static List<string> NamesIn(JsonElement series) =>
        [.. series.GetProperty("values").EnumerateArray().Select(v => v[0].GetString()).OfType<string>()];

    /// <summary>Reads each series of a document.</summary>
    /// <exception cref="StoreException">It is not of the form that InfluxDB gives.</exception>
    private static List<T> Understand<T>(JsonDocument document, Func<JsonElement, T> read)
    {
        try
        {
            return
            [
                .. document.RootElement.GetProperty("results").EnumerateArray()
                    .Where(r => r.TryGetProperty("series", out _))
                    .SelectMany(r => r.GetProperty("series").EnumerateArray())
                    .Select(read),
            ];
        }
        catch (Exception e) when (
            e is InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw new StoreException($"the answer is JSON, but not what InfluxDB says: {e.Message}", e);
        }
    }

    private static SampleBatch ToBatch(string family, JsonElement series, IReadOnlyList<LabelMatcher> matchers, long from, long to)
    {
        Label[] tags = series.TryGetProperty("tags", out JsonElement given)
            ? [.. given.EnumerateObject().Select(t => new Label(t.Name, t.Value.GetString() ?? ""))]
            : [];
        List<string> columns = [.. series.GetProperty("columns").EnumerateArray().Select(c => c.GetString() ?? "")];
        // Fields that others wrote into a measurement of this name are not ours to read.
        Labels?[] metricsOf = [.. columns.Select(c => InfluxLines.Family(c) == family
            && Labels.TryCreate([.. tags, new Label(Labels.MetricName, c)], out Labels? l, out _) && matchers.All(m => m.Matches(l!))
                ? l
                : null)];
        var batch = new SampleBatch("store");
        foreach (JsonElement row in series.GetProperty("values").EnumerateArray())
        {
            if (!row[0].TryGetInt64(out long at) || at < from || at > to)
                continue;
            for (int i = 1; i < columns.Count; i++)
            {
                if (metricsOf[i] is { } labels && row[i].ValueKind == JsonValueKind.Number
                    && row[i].TryGetDouble(out double value) && double.IsFinite(value))
                    batch.Add(labels, at, value);
            }
        }
        return batch;
    }
}
