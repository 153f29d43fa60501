using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Storage.Samples.Influx;

/// <summary>InfluxDB 1, for which there is no official client of today.</summary>
/// <remarks>https://docs.influxdata.com/influxdb/v1/tools/api/</remarks>
internal sealed class Influx1Server(InfluxOptions options, InfluxPrecision precision, InfluxTransport transport) : IInfluxServer
{
    /// <summary>The form of all writes of line protocol.</summary>
    public static readonly MediaTypeHeaderValue TextType = new("text/plain") { CharSet = "utf-8" };

    private readonly string _retentionPolicy = options.RetentionPolicy is { } rp ? $"&rp={Uri.EscapeDataString(rp)}" : "";

    public async Task<InfluxWords> WriteAsync(byte[] lines, CancellationToken ct)
    {
        string unit = precision == InfluxPrecision.Nanoseconds ? "ns" : "ms";
        using var request = new HttpRequestMessage(HttpMethod.Post, transport.Address(
            $"write?db={Uri.EscapeDataString(options.Database)}&precision={unit}{_retentionPolicy}{options.Parameters}"));
        request.Content = new ByteArrayContent(InfluxBody.Pack(lines, options.Gzip));
        request.Content.Headers.ContentType = TextType;
        if (options.Gzip)
            request.Content.Headers.ContentEncoding.Add("gzip");
        using HttpResponseMessage answer = await transport.Words.SendAsync(request, ct);
        return await InfluxWords.OfAsync(answer, ct);
    }

    public Task<InfluxWords> PingAsync(CancellationToken ct) => transport.PingAsync(ct);

    public async Task CreateDatabaseAsync(CancellationToken ct)
    {
        string duration = options.Retention is { } age ? $" WITH DURATION {(long)age.TotalSeconds}s" : "";
        await foreach (JsonDocument answer in QueryAsync($"CREATE DATABASE {Quote(options.Database)}{duration}", HttpMethod.Post, ct))
            answer.Dispose();
    }

    public IAsyncEnumerable<SampleBatch> ReadAsync(IReadOnlyList<LabelMatcher> matchers, long from, long to, CancellationToken ct) =>
        new InfluxQlReader(this).ReadAsync(matchers, from, to, ct);

    /// <summary>Asks an InfluxQL question and gives the answer in pieces, each to be disposed before the next.</summary>
    /// <exception cref="StoreException">The server refuses, by status or within a 200, or its answer makes no sense.</exception>
    public async IAsyncEnumerable<JsonDocument> QueryAsync(
        string query, HttpMethod method, [EnumeratorCancellation] CancellationToken ct)
    {
        string path = $"query?db={Uri.EscapeDataString(options.Database)}&epoch=ms&chunked=true&chunk_size=1000{_retentionPolicy}";
        using var request = new HttpRequestMessage(
            method, transport.Address(method == HttpMethod.Post ? path : $"{path}&q={Uri.EscapeDataString(query)}"));
        if (method == HttpMethod.Post)
            request.Content = new FormUrlEncodedContent([new("q", query)]);
        using AnswerLines lines = await transport.AskAsync(request, ct);
        bool isAny = false;
        while (await lines.NextAsync(ct) is { } line)
        {
            isAny = true;
            JsonDocument document = InfluxJson.Parse(lines.Status, line);
            if (InfluxJson.ErrorIn(lines.Status, document) is { } error)
            {
                document.Dispose();
                throw new StoreException(error);
            }
            yield return document;
        }
        if (!isAny)
            throw new StoreException($"an empty answer with HTTP {lines.Status}");
    }

    /// <summary>An identifier in InfluxQL.</summary>
    public static string Quote(string identifier) =>
        $"\"{identifier.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>A text of InfluxQL.</summary>
    public static string QuoteText(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
