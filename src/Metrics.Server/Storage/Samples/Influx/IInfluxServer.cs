using Metrics.Model;
using Metrics.Series;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// One InfluxDB, spoken to as its version wants it. Three twins: version 1 by a small client of our own, 2 and 3 by the official clients.
/// What the server says is passed on as it is; it is judged elsewhere, the same for all. Any exception means: nothing is known.
/// </summary>
internal interface IInfluxServer
{
    /// <summary>Sends lines, packed when the options say so.</summary>
    Task<InfluxWords> WriteAsync(byte[] lines, CancellationToken ct);

    /// <summary>Asks whether it lives.</summary>
    Task<InfluxWords> PingAsync(CancellationToken ct);

    /// <summary>Creates the database, or bucket.</summary>
    /// <exception cref="StoreException">It cannot be created, for the reason that the server says.</exception>
    Task CreateDatabaseAsync(CancellationToken ct);

    /// <inheritdoc cref="ISampleStore.ReadAsync"/>
    IAsyncEnumerable<SampleBatch> ReadAsync(IReadOnlyList<LabelMatcher> matchers, long from, long to, CancellationToken ct);
}

/// <summary>What an answer says, before it is judged.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Media type of the body.</param>
/// <param name="Error">Header <c>X-Influxdb-Error</c>, if any.</param>
/// <param name="Body">The first part of the body.</param>
/// <param name="RetryAfter">Header <c>Retry-After</c>, if any.</param>
/// <param name="Refused">Lines that are refused, where a client has counted them; else 0.</param>
internal sealed record InfluxWords(int Status, string? ContentType, string? Error, string Body, string? RetryAfter, int Refused = 0)
{
    /// <summary>Takes them from an answer whose body is short.</summary>
    public static async Task<InfluxWords> OfAsync(HttpResponseMessage answer, CancellationToken ct) => new(
        (int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, Header(answer, "X-Influxdb-Error"),
        await answer.Content.ReadAsStringAsync(ct), Header(answer, "Retry-After"));

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;
}
