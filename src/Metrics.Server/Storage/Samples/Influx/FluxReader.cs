using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.Events;

namespace Metrics.Storage.Samples.Influx;

/// <summary>Reads history by Flux. What comes is believed no further than it can be checked.</summary>
/// <remarks>https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/</remarks>
internal sealed class FluxReader(InfluxOptions options, InfluxTransport transport)
{
    private const int RowsOfBatch = 1000;
    private static readonly string[] s_annotations = ["datatype", "group", "default"];

    /// <summary>A table's columns, as its annotations and its header say.</summary>
    private sealed class Table
    {
        public string[] Types { get; set; } = [];

        public string[] Defaults { get; set; } = [];

        public string[]? Names { get; set; }
    }

    /// <inheritdoc cref="ISampleStore.ReadAsync"/>
    public async IAsyncEnumerable<SampleBatch> ReadAsync(
        IReadOnlyList<LabelMatcher> matchers, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, transport.Address($"api/v2/query?org={Uri.EscapeDataString(options.Organization!)}"));
        request.Content = JsonContent.Create(new
        {
            query = Query(options.Database, matchers, from, to),
            dialect = new { header = true, delimiter = ",", annotations = s_annotations },
        });
        using AnswerLines lines = await transport.AskAsync(request, ct);
        if (await lines.RefusalAsync(ct) is { } refusal)
            throw new StoreException(refusal);
        var table = new Table();
        var batch = new SampleBatch("store");
        var rows = new FluxRows(lines);
        while (await rows.NextAsync(ct) is { } row)
        {
            if (!Take(table, row, batch, matchers, from, to) || batch.Count < RowsOfBatch)
                continue;
            yield return batch;
            batch = new SampleBatch("store");
        }
        yield return batch;
    }

    /// <summary>The question. All that is not ours stands in quotes.</summary>
    internal static string Query(string bucket, IReadOnlyList<LabelMatcher> matchers, long from, long to)
    {
        var query = new StringBuilder();
        query.Append(CultureInfo.InvariantCulture, $"from(bucket: {Quote(bucket)}) |> range(start: time(v: {Nanoseconds(from)}), ")
            .Append(CultureInfo.InvariantCulture, $"stop: time(v: {Nanoseconds(to + 1)})) |> filter(fn: (r) => ");
        string? metric = matchers.FirstOrDefault(m => m is { Name: Labels.MetricName, Kind: MatchKind.Equal })?.Value;
        if (metric is null)
            query.Append(CultureInfo.InvariantCulture, $"r._measurement != {Quote(EventLines.Measurement)}");
        else
            query.Append(CultureInfo.InvariantCulture, $"r._measurement == {Quote(InfluxLines.Family(metric))}")
                .Append(CultureInfo.InvariantCulture, $" and r._field == {Quote(metric)}");
        foreach (LabelMatcher m in matchers.Where(m => m.Kind == MatchKind.Equal && m.Name != Labels.MetricName && m.Value.Length > 0))
            query.Append(CultureInfo.InvariantCulture, $" and r[{Quote(m.Name)}] == {Quote(m.Value)}");
        return query.Append(')').ToString();
    }

    private const int FirstColumn = 3;

    private static string Nanoseconds(long milliseconds) =>
        (Math.Clamp(milliseconds, -9_000_000_000_000, 9_000_000_000_000) * 1_000_000).ToString(CultureInfo.InvariantCulture);

    /// <summary>A text of Flux; <c>${</c> would begin an expression.</summary>
    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("${", "\\${", StringComparison.Ordinal)}\"";

    /// <returns>Whether it was a row of data.</returns>
    private static bool Take(Table table, List<string> row, SampleBatch into, IReadOnlyList<LabelMatcher> matchers, long from, long to)
    {
        switch (row[0])
        {
            case "#datatype":
                (table.Types, table.Names) = ([.. row], null);
                return false;
            case "#group":
                return false;
            case "#default":
                table.Defaults = [.. row];
                return false;
        }
        if (table.Names is not { } names)
        {
            if (row[0].Length > 0 || !(row.Contains("_time") || row.Contains("error")))
                throw new StoreException($"the answer is not what InfluxDB says: {InfluxJson.FirstWords(row[0])}");
            if (row is not [_, "result", "table", ..] && !row.Contains("error"))
                throw new StoreException("the answer is not what InfluxDB says: a table does not begin with result and table");
            table.Names = [.. row];
            return false;
        }
        if (names.Contains("error") && names.Contains("reference"))
            throw new StoreException(InfluxJson.FirstWords(row.Find(f => f.Length > 0) ?? "an error without words"));
        if (row.Count != names.Length)
            throw new StoreException("the answer is not what InfluxDB says: a row has other columns than its table");
        Read(table, names, row, into, matchers, from, to);
        return true;
    }

    private static void Read(
        Table table, string[] names, List<string> row, SampleBatch into, IReadOnlyList<LabelMatcher> matchers, long from, long to)
    {
        string metric = "", family = "", time = "", value = "";
        var labels = new List<Label>(names.Length);
        // Behind those that say which table it is: tags may have the same names.
        for (int i = FirstColumn; i < names.Length; i++)
        {
            string cell = row[i].Length > 0 || i >= table.Defaults.Length ? row[i] : table.Defaults[i];
            switch (names[i])
            {
                case "_time":
                    time = cell;
                    break;
                case "_value":
                    value = i < table.Types.Length && table.Types[i] is "double" or "long" or "unsignedLong" ? cell : "";
                    break;
                case "_field":
                    metric = cell;
                    break;
                case "_measurement":
                    family = cell;
                    break;
                case "_start" or "_stop":
                    break;
                default:
                    labels.Add(new Label(names[i], cell));
                    break;
            }
        }
        labels.Add(new Label(Labels.MetricName, metric));
        if (family == InfluxLines.Family(metric)
            && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            && InfluxTime.TryParse(time, out long at) && at >= from && at <= to
            && Labels.TryCreate([.. labels], out Labels? series, out _) && matchers.All(m => m.Matches(series!)))
            into.Add(series!, at, number);
    }
}
