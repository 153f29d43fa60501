using System.Globalization;
using System.Text.Json;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>
/// Evaluates the expressions of rules by another engine that speaks Prometheus's API, for those who outgrow one machine
/// (<c>rules.remote_query</c>). Called on the rule engine's thread, which waits.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries</remarks>
internal sealed class RemoteQueries(HttpClient http, Uri url) : IVectorQueries
{
    public IReadOnlyList<VectorElement> Evaluate(PreparedQuery query, long at)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url.ToString().TrimEnd('/') + "/api/v1/query"))
        {
            Content = new FormUrlEncodedContent([new("query", query.Text), new("time", (at / 1000.0).ToString("F3", CultureInfo.InvariantCulture))]),
        };
        try
        {
            using HttpResponseMessage response = http.Send(request);
            using Stream body = response.Content.ReadAsStream();
            using JsonDocument answer = JsonDocument.Parse(body);
            return Read(answer.RootElement, at);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new QueryException($"the remote engine at {url.Host} cannot be asked: {e.Message}");
        }
    }

    internal static IReadOnlyList<VectorElement> Read(JsonElement answer, long at)
    {
        if (answer.GetProperty("status").GetString() != "success")
            throw new QueryException($"the remote engine answers: {answer.GetProperty("error").GetString()}");
        JsonElement data = answer.GetProperty("data"), result = data.GetProperty("result");
        return data.GetProperty("resultType").GetString() switch
        {
            "scalar" => [new VectorElement(Labels.Empty, new Sample(at, Number(result[1])))],
            "vector" => [.. result.EnumerateArray().Where(e => e.TryGetProperty("value", out _)).Select(e => new VectorElement(
                Labels.Of([.. e.GetProperty("metric").EnumerateObject().Select(l => new Label(l.Name, l.Value.GetString()!))]), new Sample(at, Number(e.GetProperty("value")[1]))))],
            var type => throw new QueryException($"the remote engine gives a {type}"),
        };
    }

    private static double Number(JsonElement text) =>
        FloatText.TryParse(System.Text.Encoding.ASCII.GetBytes(text.GetString()!), out double number) ? number : throw new FormatException($"'{text}' is no number");
}
