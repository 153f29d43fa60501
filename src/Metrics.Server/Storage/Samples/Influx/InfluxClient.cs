using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// Speaks HTTP with one InfluxDB: writes a body, asks a question. Never retries by itself. Every answer is read as hostile: whatever comes
/// is a verdict or a <see cref="StoreException"/>.
/// </summary>
/// <remarks>https://docs.influxdata.com/influxdb/v1/tools/api/ , /v2/api/ , /influxdb3/core/api/</remarks>
internal sealed class InfluxClient(InfluxOptions options, InfluxPrecision precision, InfluxMetrics metrics, TimeProvider time) : IDisposable
{
    private readonly InfluxTransport _transport = new(options);

    /// <summary>Sends one body. A network error and a timeout are answers too: <see cref="WriteVerdict.Retry"/>.</summary>
    /// <param name="body">Lines, as gzip when the options say so.</param>
    /// <param name="ct">Our own end; only this throws.</param>
    public async Task<InfluxAnswer> WriteAsync(ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        string status = "error";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Address(WritePath()));
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain") { CharSet = "utf-8" };
            if (options.Gzip)
                request.Content.Headers.ContentEncoding.Add("gzip");
            using HttpResponseMessage answer = await _transport.Words.SendAsync(request, either.Token);
            status = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
            return InfluxAnswer.Judge(
                options.Version, (int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, Header(answer, "X-Influxdb-Error"),
                await answer.Content.ReadAsStringAsync(either.Token), Header(answer, "Retry-After"), time.GetUtcNow());
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever it is, cut connections, odd headers, a bad gzip: nothing is known of the lines.
            bool isLate = timeout.IsCancellationRequested;
            status = isLate ? "timeout" : status;
            return new InfluxAnswer(
                WriteVerdict.Retry, 0,
                isLate ? $"no answer within {Model.Duration.Format(options.Timeout)}" : e.GetBaseException().Message, null);
        }
        finally
        {
            metrics.Requests.WithLabels(status).Inc();
        }
    }

    /// <summary>Whether it lives.</summary>
    /// <param name="patience">Longest wait for an answer.</param>
    /// <param name="ct">Our own end; only this throws.</param>
    /// <returns>Null, or what is wrong.</returns>
    public async Task<string?> PingAsync(TimeSpan patience, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address("ping"));
            using HttpResponseMessage answer = await _transport.Words.SendAsync(request, either.Token);
            return InfluxAnswer.JudgePing(
                (int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, await answer.Content.ReadAsStringAsync(either.Token));
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return late.IsCancellationRequested ? $"no answer within {Model.Duration.Format(patience)}" : e.GetBaseException().Message;
        }
    }

    /// <summary>Creates the database (version 1).</summary>
    /// <returns>Null, or why it could not be created.</returns>
    public async Task<string?> CreateDatabaseAsync(CancellationToken ct)
    {
        try
        {
            await foreach (JsonDocument answer in QueryAsync($"CREATE DATABASE {Quote(options.Database)}", HttpMethod.Post, ct))
                answer.Dispose();
            return null;
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }

    /// <summary>Asks an InfluxQL question and gives the answer in pieces, each to be disposed before the next.</summary>
    /// <exception cref="StoreException">The server refuses, by status or within a 200, or its answer makes no sense.</exception>
    public async IAsyncEnumerable<JsonDocument> QueryAsync(
        string query, HttpMethod method, [EnumeratorCancellation] CancellationToken ct)
    {
        string path = $"query?db={Uri.EscapeDataString(options.Database)}&epoch=ms&chunked=true&chunk_size=1000"
            + (options.RetentionPolicy is { } rp ? $"&rp={Uri.EscapeDataString(rp)}" : "");
        using var request = new HttpRequestMessage(
            method, Address(method == HttpMethod.Post ? path : $"{path}&q={Uri.EscapeDataString(query)}"));
        if (method == HttpMethod.Post)
            request.Content = new FormUrlEncodedContent([new("q", query)]);
        (HttpResponseMessage answer, AnswerLines lines) = await _transport.AskAsync(request, options.ReadTimeout, time, ct);
        using (lines)
        {
            bool isAny = false;
            while (await lines.NextAsync(ct) is { } line)
            {
                isAny = true;
                JsonDocument document = Parse(answer, line);
                if (ErrorIn(document, answer) is { } error)
                {
                    document.Dispose();
                    throw new StoreException(error);
                }
                yield return document;
            }
            if (!isAny)
                throw new StoreException($"an empty answer with HTTP {(int)answer.StatusCode}");
        }
    }

    /// <summary>An identifier in InfluxQL.</summary>
    public static string Quote(string identifier) =>
        $"\"{identifier.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>A text of InfluxQL.</summary>
    public static string QuoteText(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    public void Dispose() => _transport.Dispose();

    private string WritePath()
    {
        string database = Uri.EscapeDataString(options.Database);
        bool fine = precision == InfluxPrecision.Nanoseconds;
        string unit = fine ? "ns" : "ms";
        return options.Version switch
        {
            InfluxVersion.V2 => $"api/v2/write?org={Uri.EscapeDataString(options.Organization!)}&bucket={database}&precision={unit}",
            InfluxVersion.V3 => $"api/v3/write_lp?db={database}&precision={(fine ? "nanosecond" : "millisecond")}&accept_partial=true",
            _ => $"write?db={database}&precision={unit}"
                + (options.RetentionPolicy is { } rp ? $"&rp={Uri.EscapeDataString(rp)}" : ""),
        };
    }

    private Uri Address(string path)
    {
        string root = options.Url.ToString();
        return new Uri(root.EndsWith('/') ? root + path : $"{root}/{path}");
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static JsonDocument Parse(HttpResponseMessage answer, ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            int status = (int)answer.StatusCode;
            throw new StoreException($"HTTP {status} with an answer that is not what InfluxDB says: {FirstWords(line.Span)}", e);
        }
    }

    private static string FirstWords(ReadOnlySpan<byte> line)
    {
        string words = System.Text.Encoding.UTF8.GetString(line[..Math.Min(line.Length, 80)]);
        return string.Concat(words.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
    }

    private static string? ErrorIn(JsonDocument document, HttpResponseMessage answer)
    {
        JsonElement root = document.RootElement;
        if (Find(root, "error") is { } error)
            return InfluxAnswer.TextOf(error);
        if (!answer.IsSuccessStatusCode)
            return $"HTTP {(int)answer.StatusCode}: {FirstWords(System.Text.Encoding.UTF8.GetBytes(root.GetRawText()))}";
        if (Find(root, "results") is not { ValueKind: JsonValueKind.Array } results)
            return "the answer is JSON, but not what InfluxDB says: it has no results";
        foreach (JsonElement result in results.EnumerateArray())
        {
            if (Find(result, "error") is { } failure)
                return InfluxAnswer.TextOf(failure);
        }
        return null;
    }

    private static JsonElement? Find(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement found) ? found : null;
}
