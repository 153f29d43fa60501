using System.Globalization;
using System.Text.Json;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules;

/// <summary>Another engine that speaks Prometheus's API, for those who outgrow one machine (<c>rules.remote_query</c>).</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries</remarks>
internal sealed class RemoteEngine(HttpClient http, Uri url)
{
    /// <summary>Asks for an instant vector.</summary>
    /// <exception cref="RemoteEngineException">It cannot be reached, or does not answer in time.</exception>
    /// <exception cref="QueryException">It answers, but not with a vector; the message says why.</exception>
    public async Task<IReadOnlyList<VectorElement>> AskAsync(PreparedQuery query, long at, CancellationToken ct)
    {
        string time = (at / 1000.0).ToString("F3", CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url.ToString().TrimEnd('/') + "/api/v1/query"))
        {
            Content = new FormUrlEncodedContent([new("query", query.Text), new("time", time)]),
        };
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            await using Stream body = await response.Content.ReadAsStreamAsync(ct);
            using JsonDocument answer = await JsonDocument.ParseAsync(body, default, ct);
            return Read(answer.RootElement, at);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new RemoteEngineException($"the remote engine at {url.Host} cannot be asked: {e.Message}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new RemoteEngineException($"the remote engine at {url.Host} cannot be asked: {e.Message}");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new QueryException($"the remote engine at {url.Host} cannot be understood: {e.Message}");
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
            "vector" => [.. result.EnumerateArray().Where(e => e.TryGetProperty("value", out _)).Select(e => ReadElement(e, at))],
            var type => throw new QueryException($"the remote engine gives a {type}"),
        };
    }

    private static VectorElement ReadElement(JsonElement element, long at) => new(
        Labels.Of([.. element.GetProperty("metric").EnumerateObject().Select(l => new Label(l.Name, l.Value.GetString()!))]),
        new Sample(at, Number(element.GetProperty("value")[1])));

    private static double Number(JsonElement text)
    {
        byte[] digits = System.Text.Encoding.ASCII.GetBytes(text.GetString()!);
        return FloatText.TryParse(digits, out double number) ? number : throw new FormatException($"'{text}' is no number");
    }
}

/// <summary>A remote engine cannot be reached, so that to ask it more in this round is to wait more.</summary>
internal sealed class RemoteEngineException(string message) : Exception(message);
