using InfluxDB.Client;
using InfluxDB.Client.Api.Domain;
using InfluxDB.Client.Api.Service;
using Metrics.Model;
using Metrics.Series;
using RestSharp;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// InfluxDB 2 by its official client, over connections of ours. Its services say what a request is; what is answered comes to us as it is,
/// since the client itself throws at a date in <c>Retry-After</c>. See <c>docs/decisions/0004-influxdb-clients.md</c>.
/// </summary>
/// <remarks>https://docs.influxdata.com/influxdb/v2/api/</remarks>
internal sealed class Influx2Server : IInfluxServer, IDisposable
{
    private readonly InfluxOptions _options;
    private readonly WritePrecision _precision;
    private readonly InfluxTransport _transport;
    private readonly InfluxDBClient _client;
    private readonly WriteService _writing;
    private readonly PingService _ping;
    private readonly RestClient _sending;

    public Influx2Server(InfluxOptions options, InfluxPrecision precision, InfluxTransport transport)
    {
        (_options, _transport) = (options, transport);
        _precision = precision == InfluxPrecision.Nanoseconds ? WritePrecision.Ns : WritePrecision.Ms;
        _client = new InfluxDBClient(new InfluxDBClientOptions(transport.Root)
        {
            HttpClient = transport.Words,
            AllowHttpRedirects = false,
            Timeout = options.Timeout,
        });
        _sending = new RestClient(transport.Words, new RestClientOptions(transport.Root) { FollowRedirects = false });
        _writing = _client.CreateService<WriteService>(typeof(WriteService));
        _ping = _client.CreateService<PingService>(typeof(PingService));
    }

    public Task<InfluxWords> WriteAsync(byte[] lines, CancellationToken ct) => SendAsync(
        _writing.PostWriteWithRestRequest(
            _options.Organization!, _options.Database, InfluxBody.Pack(lines, _options.Gzip),
            contentEncoding: _options.Gzip ? "gzip" : "identity", contentType: "text/plain; charset=utf-8", precision: _precision),
        Method.Post, ct);

    public Task<InfluxWords> PingAsync(CancellationToken ct) => SendAsync(_ping.GetPingWithRestRequest(), Method.Get, ct);

    public async Task CreateDatabaseAsync(CancellationToken ct)
    {
        List<Organization> organizations = await _client.GetOrganizationsApi()
            .FindOrganizationsAsync(org: _options.Organization, cancellationToken: ct);
        if (organizations?.Find(o => o.Name == _options.Organization)?.Id is not { } organization)
            throw new StoreException($"there is no organization '{_options.Organization}' that the token may see");
        var keep = new BucketRetentionRules(
            BucketRetentionRules.TypeEnum.Expire, everySeconds: (long)(_options.Retention?.TotalSeconds ?? 0), null);
        await _client.GetBucketsApi().CreateBucketAsync(_options.Database, keep, organization, ct);
    }

    public IAsyncEnumerable<SampleBatch> ReadAsync(IReadOnlyList<LabelMatcher> matchers, long from, long to, CancellationToken ct) =>
        new FluxReader(_options, _transport).ReadAsync(matchers, from, to, ct);

    public void Dispose()
    {
        _sending.Dispose();
        _client.Dispose();
    }

    private async Task<InfluxWords> SendAsync(RestRequest request, Method method, CancellationToken ct)
    {
        RestResponse answer = await _sending.ExecuteAsync(request, method, ct);
        ct.ThrowIfCancellationRequested();
        if (answer.StatusCode == 0)
            throw answer.ErrorException ?? new StoreException("no answer");
        return new InfluxWords(
            (int)answer.StatusCode, answer.ContentType?.Split(';')[0].Trim(), Header("X-Influxdb-Error"), answer.Content ?? "",
            Header("Retry-After"));

        string? Header(string name) =>
            answer.Headers?.FirstOrDefault(h => string.Equals(h.Name, name, StringComparison.OrdinalIgnoreCase))?.Value;
    }
}
