using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Notifiers;

/// <summary>Sends requests of notifiers and judges the answers. Redirects are followed where that is asked for.</summary>
internal sealed class HttpSender(TimeProvider time) : IDisposable
{
    private const int LongestReason = 200;

    private readonly HttpClients _clients = new(time);

    /// <summary>Posts JSON.</summary>
    public Task<Delivery> PostJsonAsync(
        Uri url, string json, HttpAccess access, TimeSpan timeout, CancellationToken ct,
        params IEnumerable<(string Name, string Value)> headers)
    {
        HttpRequestMessage Make() => new(HttpMethod.Post, url) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        return SendAsync(Make, access, timeout, ct, headers);
    }

    /// <summary>Sends a request.</summary>
    public async Task<Delivery> SendAsync(
        Func<HttpRequestMessage> make, HttpAccess access, TimeSpan timeout, CancellationToken ct,
        params IEnumerable<(string Name, string Value)> headers)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            using HttpRequestMessage request = make();
            request.Headers.TryAddWithoutValidation("User-Agent", VersionText.UserAgent);
            await access.SignAsync(request, time, either.Token);
            if (!request.Headers.NonValidated.Contains("Authorization") && UserInfo.Authorization(request.RequestUri!) is { } authorization)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            foreach ((string name, string value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            using HttpResponseMessage response = await _clients.Get(SettingsOf(access)).SendAsync(request, either.Token);
            Delivery delivery = Judge((int)response.StatusCode, response.Headers.RetryAfter, time.GetUtcNow());
            return delivery.Status == DeliveryStatus.Sent
                ? delivery
                : delivery with { Reason = $"{delivery.Reason}{await ReasonAsync(response, either.Token)}" };
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Delivery.Retry($"no answer within {Duration.Format(timeout)}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or CryptographicException)
        {
            // The URL may hold a secret; the message of the exception names host and port only.
            return Delivery.Retry(e.Message);
        }
    }

    /// <summary>
    /// 2xx is sent, 5xx, 408, 425 and 429 are tried again, not before the other side's Retry-After; all else never succeeds.
    /// </summary>
    internal static Delivery Judge(int status, RetryConditionHeaderValue? after, DateTimeOffset now) => status switch
    {
        >= 200 and < 300 => Delivery.Sent,
        408 or 425 or 429 or >= 500 => Delivery.Retry(string.Create(CultureInfo.InvariantCulture, $"HTTP status {status}"))
            with { After = after?.Delta ?? (after?.Date - now) },
        _ => Delivery.Rejected(string.Create(CultureInfo.InvariantCulture, $"HTTP status {status}")),
    };

    public void Dispose() => _clients.Dispose();

    /// <summary>What the other side says of it, in one line.</summary>
    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken ct)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
        char[] start = new char[LongestReason];
        int length = await reader.ReadBlockAsync(start, ct);
        string text = MessageText.OneLine(new string(start, 0, length));
        return text.Length == 0 ? "" : $": {text}";
    }

    private static HttpSettings SettingsOf(HttpAccess access) =>
        access.ToSettings(new HttpSettings { ConnectionLifetime = TimeSpan.FromMinutes(5) });
}
