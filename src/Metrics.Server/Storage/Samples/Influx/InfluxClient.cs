using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Telemetry;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// Speaks HTTP with one InfluxDB: writes a body, asks a question. Secrets are read anew for each request. Never retries by itself.
/// </summary>
/// <remarks>https://docs.influxdata.com/influxdb/v1/tools/api/ , /v2/api/ , /influxdb3/core/api/</remarks>
internal sealed class InfluxClient : IDisposable
{
    private const int MaxErrorBytes = 16 * 1024;

    private readonly InfluxOptions _options;
    private readonly InfluxPrecision _precision;
    private readonly InfluxMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <param name="options">Where it is, and who we are there.</param>
    /// <param name="precision">Unit of the timestamps of what is written.</param>
    /// <param name="metrics">Counts requests.</param>
    /// <param name="time">The clock.</param>
    public InfluxClient(InfluxOptions options, InfluxPrecision precision, InfluxMetrics metrics, TimeProvider time)
    {
        (_options, _precision, _metrics, _time) = (options, precision, metrics, time);
        // InfluxDB 1 echoes a refused line of up to 64 KiB in a header.
        _http = new HttpSettings { MaxHeadersKibibytes = 256, Decompression = DecompressionMethods.GZip }.CreateClient();
    }

    /// <summary>Sends one body. A network error and a timeout are answers too: <see cref="WriteVerdict.Retry"/>.</summary>
    /// <param name="body">Lines, as gzip when the options say so.</param>
    /// <param name="ct">Our own end; only this throws.</param>
    public async Task<InfluxAnswer> WriteAsync(ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        string status = "error";
        try
        {
            using HttpRequestMessage request = Request(HttpMethod.Post, WritePath());
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain") { CharSet = "utf-8" };
            if (_options.Gzip)
                request.Content.Headers.ContentEncoding.Add("gzip");
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            string text = await ReadStartAsync(response, either.Token);
            return InfluxAnswer.Judge(
                _options.Version, (int)response.StatusCode, response.Content.Headers.ContentType?.MediaType,
                Header(response, "X-Influxdb-Error"), text, Header(response, "Retry-After"), _time.GetUtcNow());
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            status = "timeout";
            return new InfluxAnswer(WriteVerdict.Retry, 0, $"no answer within {Model.Duration.Format(_options.Timeout)}", null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new InfluxAnswer(WriteVerdict.Retry, 0, e.InnerException?.Message ?? e.Message, null);
        }
        finally
        {
            _metrics.Requests.WithLabels(status).Inc();
        }
    }

    /// <summary>Creates the database (version 1).</summary>
    /// <returns>Null, or why it could not be created.</returns>
    public async Task<string?> CreateDatabaseAsync(CancellationToken ct)
    {
        try
        {
            using JsonDocument answer = await QueryAsync($"CREATE DATABASE {Quote(_options.Database)}", HttpMethod.Post, ct);
            return null;
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }

    /// <summary>Asks an InfluxQL question and gives the whole answer.</summary>
    /// <exception cref="StoreException">The server refuses, by status or within a 200.</exception>
    public async Task<JsonDocument> QueryAsync(string query, HttpMethod method, CancellationToken ct)
    {
        JsonDocument? last = null;
        await foreach (JsonDocument document in QueryChunksAsync(query, method, ct))
        {
            last?.Dispose();
            last = document;
        }
        return last ?? throw new StoreException("InfluxDB gave an empty answer.");
    }

    /// <summary>Asks an InfluxQL question and gives the answer in pieces.</summary>
    /// <exception cref="StoreException">The server refuses, by status or within a 200.</exception>
    public async IAsyncEnumerable<JsonDocument> QueryChunksAsync(
        string query, HttpMethod method, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        string path = $"query?db={Uri.EscapeDataString(_options.Database)}&epoch=ms&chunked=true&chunk_size=10000"
            + (_options.RetentionPolicy is { } rp ? $"&rp={Uri.EscapeDataString(rp)}" : "");
        using HttpRequestMessage request = Request(method, method == HttpMethod.Post ? path : $"{path}&q={Uri.EscapeDataString(query)}");
        if (method == HttpMethod.Post)
            request.Content = new FormUrlEncodedContent([new("q", query)]);
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new StoreException($"InfluxDB at {_options.Url} cannot be reached: {e.Message}", e);
        }
        using (response)
        {
            if (!response.IsSuccessStatusCode)
            {
                string text = await ReadStartAsync(response, ct);
                InfluxAnswer judged = InfluxAnswer.Judge(
                    _options.Version, (int)response.StatusCode, null, Header(response, "X-Influxdb-Error"), text, null, _time.GetUtcNow());
                throw new StoreException($"InfluxDB at {_options.Url} refuses a query: {judged.Reason}");
            }
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
            while (await reader.ReadLineAsync(ct) is { } line)
            {
                if (line.Length == 0)
                    continue;
                JsonDocument document = JsonDocument.Parse(line);
                if (ErrorIn(document) is { } error)
                {
                    document.Dispose();
                    throw new StoreException($"InfluxDB: {error}");
                }
                yield return document;
            }
        }
    }

    /// <summary>Packs lines as the options say.</summary>
    public byte[] Pack(ReadOnlySpan<byte> lines)
    {
        if (!_options.Gzip)
            return lines.ToArray();
        var packed = new MemoryStream(lines.Length / 4);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(lines);
        return packed.ToArray();
    }

    /// <summary>Undoes <see cref="Pack"/>.</summary>
    public static byte[] Unpack(byte[] packed)
    {
        if (packed is not [0x1f, 0x8b, ..])
            return packed;
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }

    /// <summary>An identifier in InfluxQL.</summary>
    public static string Quote(string identifier) =>
        $"\"{identifier.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>A text of InfluxQL.</summary>
    public static string QuoteText(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    public void Dispose() => _http.Dispose();

    private string WritePath()
    {
        string database = Uri.EscapeDataString(_options.Database);
        bool fine = _precision == InfluxPrecision.Nanoseconds;
        string precision = fine ? "ns" : "ms";
        return _options.Version switch
        {
            InfluxVersion.V2 => $"api/v2/write?org={Uri.EscapeDataString(_options.Organization!)}&bucket={database}&precision={precision}",
            InfluxVersion.V3 => $"api/v3/write_lp?db={database}&precision={(fine ? "nanosecond" : "millisecond")}&accept_partial=true",
            _ => $"write?db={database}&precision={precision}"
                + (_options.RetentionPolicy is { } rp ? $"&rp={Uri.EscapeDataString(rp)}" : ""),
        };
    }

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        string root = _options.Url.ToString();
        var request = new HttpRequestMessage(method, new Uri(root.EndsWith('/') ? root + path : $"{root}/{path}"));
        request.Headers.TryAddWithoutValidation("User-Agent", VersionText.UserAgent);
        if (_options.Token is not null)
            request.Headers.TryAddWithoutValidation("Authorization",
                $"{(_options.Version == InfluxVersion.V3 ? "Bearer" : "Token")} {_options.Token.Reveal()}");
        else if (_options.Username is not null)
            request.Headers.Authorization =
                new AuthenticationHeaderValue("Basic",
                    Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_options.Username}:{_options.Password?.Reveal()}")));
        return request;
    }

    private static async Task<string> ReadStartAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(ct);
        byte[] start = new byte[MaxErrorBytes];
        int length = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, ct);
        return Encoding.UTF8.GetString(start, 0, length);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static string? ErrorIn(JsonDocument document)
    {
        if (document.RootElement.TryGetProperty("error", out JsonElement error))
            return error.GetString();
        if (!document.RootElement.TryGetProperty("results", out JsonElement results))
            return null;
        return results.EnumerateArray().Select(r => r.TryGetProperty("error", out JsonElement e) ? e.GetString() : null)
            .FirstOrDefault(e => e is not null);
    }
}
