using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Telemetry;

namespace Metrics.Notifiers;

/// <summary>Posts a message as Alertmanager's webhook JSON. Sends once.</summary>
internal sealed class WebhookNotifier(TimeProvider time) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<Delivery> SendAsync(WebhookOptions options, WebhookMessage message, string idempotencyKey, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, options.Url)
            {
                Content = new StringContent(message.ToJson(), Encoding.UTF8, "application/json"),
            };
            request.Headers.TryAddWithoutValidation("User-Agent", VersionText.UserAgent);
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
            if (options.BearerToken is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.BearerToken.Reveal());
            else if (options.Username is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.Username}:{options.Password?.Reveal()}")));
            using HttpResponseMessage response = await _http.SendAsync(request, either.Token);
            return Judge((int)response.StatusCode);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Delivery(DeliveryStatus.Retry, $"no answer within {Model.Duration.Format(options.Timeout)}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The URL may hold a secret; the message of the exception names host and port only.
            return new Delivery(DeliveryStatus.Retry, e.Message);
        }
    }

    /// <summary>2xx is sent, 5xx, 408, 425 and 429 are tried again, all else never succeeds.</summary>
    internal static Delivery Judge(int status) => status switch
    {
        >= 200 and < 300 => new Delivery(DeliveryStatus.Sent),
        408 or 425 or 429 or >= 500 => new Delivery(DeliveryStatus.Retry, string.Create(CultureInfo.InvariantCulture, $"HTTP status {status}")),
        _ => new Delivery(DeliveryStatus.Rejected, string.Create(CultureInfo.InvariantCulture, $"HTTP status {status}")),
    };

    public void Dispose() => _http.Dispose();
}
