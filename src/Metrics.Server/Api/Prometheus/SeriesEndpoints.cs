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
    private static readonly string[] s_truncated = ["results truncated due to limit"];

    public async Task<PrometheusApi.Answer> SeriesAsync(ApiParameters parameters, HttpContext context)
    {
        (IReadOnlyList<Labels>? all, string? warning) = await FindAsync(parameters, required: true, context);
        IReadOnlyList<Labels> found = all ?? [];
        int limit = parameters.Limit();
        return json =>
        {
            json.WriteStartArray();
            foreach (Labels labels in (limit > 0 ? found.Take(limit) : found).Order(Comparer<Labels>.Create(Labels.Compare)))
                ResultJson.WriteLabels(json, labels);
            json.WriteEndArray();
            return Truncated(limit, found.Count, warning);
        };
    }

    public async Task<PrometheusApi.Answer> LabelNamesAsync(ApiParameters parameters, HttpContext context)
    {
        (IReadOnlyList<Labels>? found, string? warning) = await FindAsync(parameters, required: false, context);
        IEnumerable<string> names = found is not null
            ? found.SelectMany(l => l.Select(x => x.Name))
            : head.LabelNames();
        return Texts(names, parameters.Limit(), warning);
    }

    public async Task<PrometheusApi.Answer> LabelValuesAsync(string name, ApiParameters parameters, HttpContext context)
    {
        name = Unescape(name);
        if (name.Length == 0)
            throw ApiException.BadData("invalid label name: \"\"");
        (IReadOnlyList<Labels>? found, string? warning) = await FindAsync(parameters, required: false, context);
        IEnumerable<string> values = found is not null
            ? found.Select(l => l[name]).Where(v => v.Length > 0)
            : head.LabelValues(name);
        return Texts(values, parameters.Limit(), warning);
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

    /// <returns>
    /// The series that the selectors give, null when none is given; and why those of history are missing, null when they are not.
    /// </returns>
    private async Task<(IReadOnlyList<Labels>? Found, string? Warning)> FindAsync(
        ApiParameters parameters, bool required, HttpContext context)
    {
        // Without a range, as clients that only browse ask: what the head holds, and will still hold when it is looked for.
        long from = parameters.Time("start", parameters.Now - (long)head.Options.Window.TotalMilliseconds + 60_000),
            to = parameters.Time("end", parameters.Now + (long)head.Options.MaxFuture.TotalMilliseconds);
        if (to < from)
            throw ApiException.BadParameter("end", "end timestamp must not be before start timestamp");
        List<VectorSelector> selectors = parameters.Matches(required);
        if (selectors.Count == 0)
            return (null, null);
        QueryMemory memory = queries.NewMemory();
        context.Response.RegisterForDispose(memory);
        (IReadOnlyList<Labels> found, string? warning) = await queries.SeriesAsync(selectors, from, to, memory, context.RequestAborted);
        memory.Hold(found.Sum(ResultJson.EstimateBytes));
        return (found, warning);
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

    private static PrometheusApi.Answer Texts(IEnumerable<string> texts, int limit, string? warning)
    {
        List<string> sorted = [.. texts.Distinct().Order(StringComparer.Ordinal)];
        return json =>
        {
            json.WriteStartArray();
            foreach (string text in limit > 0 ? sorted.Take(limit) : sorted)
                json.WriteStringValue(text);
            json.WriteEndArray();
            return Truncated(limit, sorted.Count, warning);
        };
    }

    private static PrometheusApi.Notes Truncated(int limit, int count, string? warning) => new(
        [.. limit > 0 && count > limit ? s_truncated : [], .. warning is null ? Array.Empty<string>() : [warning]], []);
}
