using System.Globalization;
using Metrics.Model;
using Metrics.Series;
using Metrics.Telemetry;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// Speaks with one InfluxDB and never retries by itself. Every answer is read as hostile: whatever comes, or does not, is a verdict or a
/// <see cref="StoreException"/>.
/// </summary>
internal sealed class InfluxClient : IDisposable
{
    private readonly InfluxOptions _options;
    private readonly Labelled<Counter> _requests;
    private readonly TimeProvider _time;
    private readonly InfluxTransport _transport;
    private readonly IInfluxServer _server;

    /// <param name="options">Where it is, and who we are there.</param>
    /// <param name="precision">Unit of the timestamps of what is written.</param>
    /// <param name="requests">Counts requests, by status.</param>
    /// <param name="time">The clock.</param>
    /// <param name="handler">What sends requests; null is the network.</param>
    public InfluxClient(
        InfluxOptions options, InfluxPrecision precision, Labelled<Counter> requests, TimeProvider time, HttpMessageHandler? handler = null)
    {
        (_options, _requests, _time) = (options, requests, time);
        _transport = new InfluxTransport(options, time, handler);
        _server = options.Version switch
        {
            InfluxVersion.V2 => new Influx2Server(options, precision, _transport),
            InfluxVersion.V3 => new Influx3Server(options, precision, _transport),
            _ => new Influx1Server(options, precision, _transport),
        };
    }

    /// <summary>Sends one body. A network error and a timeout are answers too: <see cref="WriteVerdict.Retry"/>.</summary>
    /// <param name="lines">As they are.</param>
    /// <param name="ct">Our own end; only this throws.</param>
    public async Task<InfluxAnswer> WriteAsync(byte[] lines, CancellationToken ct)
    {
        string status = "error";
        try
        {
            InfluxWords words = await WithinAsync(_options.Timeout, end => _server.WriteAsync(lines, end), ct);
            status = words.Status.ToString(CultureInfo.InvariantCulture);
            return InfluxAnswer.Judge(_options.Version, words, _time.GetUtcNow());
        }
        catch (StoreException e)
        {
            status = e is StoreSilentException ? "timeout" : status;
            return new InfluxAnswer(WriteVerdict.Retry, 0, e.Message, null);
        }
        finally
        {
            _requests.WithLabels(status).Inc();
        }
    }

    /// <summary>Whether it lives.</summary>
    /// <param name="patience">Longest wait for an answer.</param>
    /// <param name="ct">Our own end; only this throws.</param>
    /// <returns>Null, or what is wrong.</returns>
    public async Task<string?> PingAsync(TimeSpan patience, CancellationToken ct)
    {
        try
        {
            return InfluxAnswer.JudgePing(await WithinAsync(patience, _server.PingAsync, ct));
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }

    /// <summary>Creates the database, or bucket.</summary>
    /// <returns>Null, or why it could not be created.</returns>
    public async Task<string?> CreateDatabaseAsync(CancellationToken ct)
    {
        try
        {
            return await WithinAsync<string?>(_options.Timeout, async end =>
            {
                await _server.CreateDatabaseAsync(end);
                return null;
            }, ct);
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc cref="ISampleStore.ReadAsync"/>
    public IAsyncEnumerable<SampleBatch> ReadAsync(IReadOnlyList<LabelMatcher> matchers, long from, long to, CancellationToken ct) =>
        _server.ReadAsync(matchers, from, to, ct);

    public void Dispose()
    {
        (_server as IDisposable)?.Dispose();
        _transport.Dispose();
    }

    /// <exception cref="StoreException">There is no answer, or none that can be understood.</exception>
    private async Task<T> WithinAsync<T>(TimeSpan patience, Func<CancellationToken, Task<T>> ask, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        try
        {
            return await ask(either.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever it is, cut connections, odd headers, a bad gzip, a client that chokes on its answer: nothing is known.
            throw late.IsCancellationRequested
                ? new StoreSilentException($"no answer within {Duration.Format(patience)}", e)
                : new StoreException(e.GetBaseException().Message, e);
        }
    }
}
