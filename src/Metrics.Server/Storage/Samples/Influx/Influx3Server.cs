using InfluxDB3.Client;
using InfluxDB3.Client.Config;
using InfluxDB3.Client.Write;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// InfluxDB 3 by its official client, over connections of ours; it says which lines are refused and why. History is read by SQL over HTTP
/// and a reader of ours: see <c>docs/decisions/0004-influxdb-clients.md</c>.
/// </summary>
/// <remarks>https://docs.influxdata.com/influxdb3/core/api/</remarks>
internal sealed class Influx3Server(InfluxOptions options, InfluxPrecision precision, InfluxTransport transport) : IInfluxServer
{
    private readonly WriteOptions _writing = new()
    {
        Precision = precision == InfluxPrecision.Nanoseconds ? WritePrecision.Ns : WritePrecision.Ms,
        GzipThreshold = int.MaxValue,
        AcceptPartial = true,
        UseV2Api = false,
    };

    public async Task<InfluxWords> WriteAsync(byte[] lines, CancellationToken ct)
    {
        using InfluxDBClient client = ClientFor(InfluxBody.Pack(lines, options.Gzip));
        try
        {
            // Its own timeout counts for nothing where a token is given.
            await client.WriteRecordAsync("in place of the body", cancellationToken: ct, writeOptions: _writing);
            return new InfluxWords(204, null, null, "", null);
        }
        catch (InfluxDBApiException e) when (e.HttpResponseMessage is { } answer)
        {
            using (answer)
            {
                InfluxWords words = await InfluxWords.OfAsync(answer, ct);
                return e is InfluxDBPartialWriteException partial ? words with { Refused = partial.LineErrors.Count } : words;
            }
        }
    }

    public Task<InfluxWords> PingAsync(CancellationToken ct) => transport.PingAsync(ct);

    /// <summary>Version 3 makes it by itself when it is written to.</summary>
    public Task CreateDatabaseAsync(CancellationToken ct) => throw new StoreException("version 3 makes its databases itself");

    public IAsyncEnumerable<SampleBatch> ReadAsync(IReadOnlyList<LabelMatcher> matchers, long from, long to, CancellationToken ct) =>
        new SqlReader(options, transport).ReadAsync(matchers, from, to, ct);

    /// <summary>
    /// A client for one write. It takes lines only as text, of which it makes three more copies and a slower gzip; so what it sends is
    /// exchanged for bytes of ours on the way, which costs a fifth.
    /// </summary>
    private InfluxDBClient ClientFor(byte[] body) => new(new ClientConfig
    {
        Host = transport.Root,
        Database = options.Database,
        HttpClient = HttpSettings.ClientOver(new OwnBody(transport.WordsHandler, body, options.Gzip), owns: false),
        AllowHttpRedirects = false,
        WriteOptions = _writing,
    });

    private sealed class OwnBody(HttpMessageHandler inner, byte[] body, bool isGzip) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = Influx1Server.TextType;
            if (isGzip)
                request.Content.Headers.ContentEncoding.Add("gzip");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
