using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Threading.RateLimiting;
using Metrics.Configuration;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.Pollers.OpenStack.Client;

/// <summary>
/// Sends requests to the services of one cloud: each service has its own budget of requests a second and at one time, each request its
/// timeout, and each is counted and timed by service, route and status.
/// </summary>
internal sealed class CloudTransport : IDisposable
{
    private readonly CloudJob _job;
    private readonly CloudMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private readonly Dictionary<string, (TokenBucketRateLimiter Rate, ConcurrencyLimiter Slots)> _budgets = [];

    public CloudTransport(CloudJob job, CloudMetrics metrics, TimeProvider time, HttpMessageHandler? handler = null)
    {
        (_job, _metrics, _time) = (job, metrics, time);
        _http = new HttpMessageInvoker(handler ?? SettingsOf(job).CreateHandler());
        foreach (CloudService service in CloudService.All.Append(CloudService.Other))
        {
            var rate = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
            {
                TokenLimit = job.RequestsPerSecond,
                TokensPerPeriod = Math.Max(1, job.RequestsPerSecond / 10),
                ReplenishmentPeriod = TimeSpan.FromMilliseconds(100 * Math.Max(1, 10.0 / job.RequestsPerSecond)),
                QueueLimit = int.MaxValue,
            });
            _budgets.Add(
                service.Name,
                (rate, new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = job.Concurrency, QueueLimit = int.MaxValue })));
        }
    }

    /// <summary>Sends one request within the service's budget. The answer holds its place in the budget until it is disposed.</summary>
    /// <param name="service">Whose budget it is.</param>
    /// <param name="route">Path without identifiers, for counters and messages.</param>
    /// <param name="request">The request.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CloudException">There is no answer.</exception>
    public async Task<CloudAnswer> SendAsync(CloudService service, string route, HttpRequestMessage request, CancellationToken ct)
    {
        (TokenBucketRateLimiter rate, ConcurrencyLimiter slots) = _budgets[service.Name];
        using RateLimitLease turn = await rate.AcquireAsync(1, ct);
        RateLimitLease slot = await slots.AcquireAsync(1, ct);
        long started = _time.GetTimestamp();
        var timeout = new CancellationTokenSource(_job.RequestTimeout, _time);
        var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        request.Headers.TryAddWithoutValidation("User-Agent", $"metricsd/{VersionText.Product}");
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        void Release(string status)
        {
            _metrics.Requests.WithLabels(_job.Name, service.Name, route, status).Inc();
            _metrics.RequestSeconds.WithLabels(_job.Name, service.Name).Observe(_time.GetElapsedTime(started).TotalSeconds);
            slot.Dispose();
            either.Dispose();
            timeout.Dispose();
        }
        try
        {
            HttpResponseMessage response = await _http.SendAsync(request, either.Token);
            return new CloudAnswer(response, service, route, _job.RequestTimeout, Release, either.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            bool late = timeout.IsCancellationRequested;
            Release(late ? "timeout" : "error");
            throw CloudAnswer.NoAnswer(service, route, late ? _job.RequestTimeout : null, e);
        }
        catch
        {
            Release("canceled");
            throw;
        }
    }

    private static HttpSettings SettingsOf(CloudJob job) => new()
    {
        Tls = job.Access.Tls,
        Decompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
        ConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = job.RequestTimeout,
    };

    public void Dispose()
    {
        _http.Dispose();
        foreach ((TokenBucketRateLimiter rate, ConcurrencyLimiter slots) in _budgets.Values)
        {
            rate.Dispose();
            slots.Dispose();
        }
    }
}

/// <summary>An answer whose body is still to be read.</summary>
internal sealed class CloudAnswer(
    HttpResponseMessage response, CloudService service, string route, TimeSpan timeout, Action<string> release, CancellationToken within)
    : IDisposable
{
    private string? _outcome;
    private bool _released;

    public int Status => (int)response.StatusCode;

    /// <summary>A header, or null.</summary>
    public string? Header(string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    /// <summary>How long the service wants to be left alone, or null.</summary>
    public TimeSpan? RetryAfter => response.Headers.RetryAfter?.Delta;

    /// <summary>Reads the body as JSON.</summary>
    /// <exception cref="CloudException">It ends early, takes too long or is no JSON.</exception>
    public Task<JsonDocument> ReadJsonAsync(CancellationToken ct) => ReadAsync(async () =>
    {
        await using Stream body = await response.Content.ReadAsStreamAsync(within);
        return await LenientJson.ReadAsync(body, within);
    }, ct);

    /// <summary>Reads the body as text.</summary>
    public Task<string> ReadTextAsync(CancellationToken ct) => ReadAsync(() => response.Content.ReadAsStringAsync(within), ct);

    public void Dispose()
    {
        if (_released)
            return;
        _released = true;
        release(_outcome ?? Status.ToString(CultureInfo.InvariantCulture));
        response.Dispose();
    }

    public static CloudException NoAnswer(CloudService service, string route, TimeSpan? late, Exception e) => new(late is { } limit
        ? $"{service.Name} {route}: no complete answer within {Model.Duration.Format(limit)}"
        : $"{service.Name} {route}: {e.InnerException?.Message ?? e.Message}", 0, e);

    private async Task<T> ReadAsync<T>(Func<Task<T>> read, CancellationToken ct)
    {
        try
        {
            return await read();
        }
        catch (JsonException e)
        {
            _outcome = "error";
            throw new CloudException($"{service.Name} {route}: the answer is no JSON", Status, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            bool late = within.IsCancellationRequested;
            _outcome = late ? "timeout" : "error";
            throw NoAnswer(service, route, late ? timeout : null, e);
        }
    }
}
