using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.Events;

namespace Metrics.Storage.Samples.Influx;

/// <summary>Reads history by SQL, a row a line of JSON. What comes is believed no further than it can be checked.</summary>
/// <remarks>https://docs.influxdata.com/influxdb3/core/api/ : <c>POST /api/v3/query_sql</c>, format <c>jsonl</c></remarks>
internal sealed class SqlReader(InfluxOptions options, InfluxTransport transport)
{
    private const int SamplesOfBatch = 1000;

    private const string Tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'iox'";

    /// <summary>Version 3 has 2,000 of them.</summary>
    private const int MaxTables = 100_000;

    /// <inheritdoc cref="ISampleStore.ReadAsync"/>
    public async IAsyncEnumerable<SampleBatch> ReadAsync(
        IReadOnlyList<LabelMatcher> matchers, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        string? metric = matchers.FirstOrDefault(m => m is { Name: Labels.MetricName, Kind: MatchKind.Equal })?.Value;
        foreach (string family in metric is null ? await FamiliesAsync(ct) : [InfluxLines.Family(metric)])
        {
            var batch = new SampleBatch("store");
            await foreach (JsonDocument row in AskAsync(Query(family, metric, matchers, from, to), "time", ct))
            {
                using (row)
                    Read(row.RootElement, family, batch, matchers, from, to);
                if (batch.Count < SamplesOfBatch)
                    continue;
                yield return batch;
                batch = new SampleBatch("store");
            }
            yield return batch;
        }
    }

    /// <summary>The question. All that is not ours stands in quotes. Series of a table stand mixed, each in order of time.</summary>
    internal static string Query(string family, string? metric, IReadOnlyList<LabelMatcher> matchers, long from, long to)
    {
        string some = metric is null ? "" : $" AND {Quote(metric)} IS NOT NULL";
        string tags = string.Concat(matchers.Where(m => m.Kind == MatchKind.Equal && m.Name != Labels.MetricName && m.Value.Length > 0)
            .Select(m => $" AND {Quote(m.Name)} = {QuoteText(m.Value)}"));
        return $"SELECT * FROM {Quote(family)} WHERE time >= to_timestamp_millis({from}) AND time <= to_timestamp_millis({to})"
            + $"{some}{tags} ORDER BY time";
    }

    private async Task<List<string>> FamiliesAsync(CancellationToken ct)
    {
        var families = new List<string>();
        await foreach (JsonDocument row in AskAsync(Tables, "table_name", ct))
        {
            using (row)
                families.Add(InfluxJson.TextOf(row.RootElement.GetProperty("table_name")));
            if (families.Count > MaxTables)
                throw new StoreException("the list of tables has no end");
        }
        families.Remove(EventLines.Measurement);
        return families;
    }

    /// <summary>Asks, and gives each row, which has the column, to be disposed before the next.</summary>
    private async IAsyncEnumerable<JsonDocument> AskAsync(string query, string column, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, transport.Address("api/v3/query_sql"));
        request.Content = JsonContent.Create(new { db = options.Database, q = query, format = "jsonl" });
        using AnswerLines lines = await transport.AskAsync(request, ct);
        if (await lines.RefusalAsync(ct) is { } refusal)
        {
            // What never came has no table, or no column; that is an empty answer.
            if (lines.Status is 400 or 404 && (refusal.Contains("not found", StringComparison.Ordinal)
                || refusal.Contains("No field named", StringComparison.Ordinal)))
                yield break;
            throw new StoreException(refusal);
        }
        while (await lines.NextAsync(ct) is { } line)
        {
            JsonDocument row = InfluxJson.Parse(lines.Status, line);
            if (InfluxJson.Find(row.RootElement, column) is { })
            {
                yield return row;
                continue;
            }
            string words = InfluxJson.FirstWords(line.Span);
            row.Dispose();
            throw new StoreException($"the answer is JSON, but not what InfluxDB says: {words}");
        }
    }

    /// <summary>Texts are tags, numbers fields: so are our lines made.</summary>
    private static void Read(
        JsonElement row, string family, SampleBatch into, IReadOnlyList<LabelMatcher> matchers, long from, long to)
    {
        long at = 0;
        var tags = new List<Label>();
        var fields = new List<(string Name, double Value)>();
        foreach (JsonProperty cell in row.EnumerateObject())
        {
            if (cell.Name == "time")
            {
                if (!InfluxTime.TryParse(InfluxJson.TextOf(cell.Value), out at))
                    return;
            }
            else if (cell.Value.ValueKind == JsonValueKind.String)
            {
                tags.Add(new Label(cell.Name, InfluxJson.TextOf(cell.Value)));
            }
            else if (cell.Value.ValueKind == JsonValueKind.Number && InfluxLines.Family(cell.Name) == family
                && cell.Value.TryGetDouble(out double value) && double.IsFinite(value))
            {
                fields.Add((cell.Name, value));
            }
        }
        if (at < from || at > to)
            return;
        foreach ((string name, double value) in fields)
        {
            if (Labels.TryCreate([.. tags, new Label(Labels.MetricName, name)], out Labels? series, out _)
                && matchers.All(m => m.Matches(series!)))
                into.Add(series!, at, value);
        }
    }

    private static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string QuoteText(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
