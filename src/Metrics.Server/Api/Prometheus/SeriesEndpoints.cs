using System.Text.Json;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Query;
using Metrics.Querying;
using Metrics.Series;

namespace Metrics.Api.Prometheus;

/// <summary>Which series, labels and metrics there are.</summary>
internal sealed class SeriesEndpoints(QueryService queries, Head head, MetadataTable metadata)
{
    public async Task<PrometheusApi.Answer> SeriesAsync(ApiParameters parameters, HttpContext context)
    {
        IReadOnlyList<Labels> found = await FindAsync(parameters, required: true, context) ?? [];
        int limit = parameters.Limit();
        return json =>
        {
            json.WriteStartArray();
            foreach (Labels labels in (limit > 0 ? found.Take(limit) : found).Order(Comparer<Labels>.Create(Labels.Compare)))
                ResultJson.WriteLabels(json, labels);
            json.WriteEndArray();
            return Truncated(limit, found.Count);
        };
    }

    public async Task<PrometheusApi.Answer> LabelNamesAsync(ApiParameters parameters, HttpContext context)
    {
        IEnumerable<string> names = await FindAsync(parameters, required: false, context) is { } found
            ? found.SelectMany(l => l.Select(x => x.Name))
            : head.LabelNames();
        return Texts(names, parameters.Limit());
    }

    public async Task<PrometheusApi.Answer> LabelValuesAsync(string name, ApiParameters parameters, HttpContext context)
    {
        name = Unescape(name);
        if (name.Length == 0)
            throw ApiException.BadData("invalid label name: \"\"");
        IEnumerable<string> values = await FindAsync(parameters, required: false, context) is { } found
            ? found.Select(l => l[name]).Where(v => v.Length > 0)
            : head.LabelValues(name);
        return Texts(values, parameters.Limit());
    }

    public PrometheusApi.Answer Metadata(ApiParameters parameters)
    {
        string? metric = parameters.Text("metric");
        int limit = parameters.Limit();
        IEnumerable<KeyValuePair<string, MetricMetadata>> known = metadata.All().Where(m => metric is null || m.Key == metric)
            .OrderBy(m => m.Key, StringComparer.Ordinal);
        if (limit > 0)
            known = known.Take(limit);
        return json =>
        {
            json.WriteStartObject();
            foreach ((string name, MetricMetadata told) in known)
            {
                json.WriteStartArray(name);
                json.WriteStartObject();
                json.WriteString("type", told.Type.ToString().ToLowerInvariant());
                json.WriteString("help", told.Help);
                json.WriteString("unit", told.Unit);
                json.WriteEndObject();
                json.WriteEndArray();
            }
            json.WriteEndObject();
            return PrometheusApi.Notes.None;
        };
    }

    /// <returns>The series that the selectors give; null when none is given.</returns>
    private async Task<IReadOnlyList<Labels>?> FindAsync(ApiParameters parameters, bool required, HttpContext context)
    {
        // Without a range, as clients that only browse ask: what the head holds.
        long from = parameters.Time("start", parameters.Now - (long)head.Options.Window.TotalMilliseconds + 1),
            to = parameters.Time("end", parameters.Now + (long)head.Options.MaxFuture.TotalMilliseconds);
        if (to < from)
            throw ApiException.BadParameter("end", "end timestamp must not be before start timestamp");
        List<VectorSelector> selectors = parameters.Matches(required);
        if (selectors.Count == 0)
            return null;
        QueryMemory memory = queries.NewMemory();
        context.Response.RegisterForDispose(memory);
        IReadOnlyList<Labels> found = await queries.SeriesAsync(selectors, from, to, memory, context.RequestAborted);
        memory.Hold(found.Sum(ResultJson.EstimateBytes));
        return found;
    }

    /// <summary>
    /// <c>U__</c> begins a name whose other characters are written <c>_HEX_</c>, and <c>__</c> is an underscore: UTF-8 names in URLs.
    /// </summary>
    internal static string Unescape(string name)
    {
        if (!name.StartsWith("U__", StringComparison.Ordinal))
            return name;
        var text = new System.Text.StringBuilder();
        for (int i = 3; i < name.Length; i++)
        {
            int end = name[i] == '_' ? name.IndexOf('_', i + 1) : -1;
            if (end == i + 1)
                text.Append('_');
            else if (end > 0
                && int.TryParse(
                name.AsSpan(i + 1, end - i - 1), System.Globalization.NumberStyles.HexNumber,
                System.Globalization.CultureInfo.InvariantCulture, out int rune)
                && System.Text.Rune.IsValid(rune))
                text.Append(new System.Text.Rune(rune).ToString());
            else
                end = -1;
            if (end < 0)
                text.Append(name[i]);
            else
                i = end;
        }
        return text.ToString();
    }

    private static PrometheusApi.Answer Texts(IEnumerable<string> texts, int limit)
    {
        List<string> sorted = [.. texts.Distinct().Order(StringComparer.Ordinal)];
        return json =>
        {
            json.WriteStartArray();
            foreach (string text in limit > 0 ? sorted.Take(limit) : sorted)
                json.WriteStringValue(text);
            json.WriteEndArray();
            return Truncated(limit, sorted.Count);
        };
    }

    private static PrometheusApi.Notes Truncated(int limit, int count) =>
        limit > 0 && count > limit ? new PrometheusApi.Notes(["results truncated due to limit"], []) : PrometheusApi.Notes.None;
}
