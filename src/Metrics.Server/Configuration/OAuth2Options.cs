using System.Text.Json;
using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>Access tokens by the client credentials grant.</summary>
/// <param name="TokenUrl">Who gives them.</param>
/// <param name="ClientId">Who asks.</param>
/// <param name="ClientSecret">By which secret.</param>
/// <param name="Scope">What for, between blanks; null says nothing.</param>
/// <param name="Parameters">More that the request says (<c>endpoint_params</c>).</param>
/// <param name="Settings">How the server is reached.</param>
/// <remarks>https://www.rfc-editor.org/rfc/rfc6749#section-4.4 ; of mail the token is used by SASL XOAUTH2.</remarks>
internal sealed record OAuth2Options(
    Uri TokenUrl, string ClientId, Secret ClientSecret, string? Scope, IReadOnlyDictionary<string, string> Parameters,
    HttpSettings Settings)
{
    /// <summary>A token is renewed so long before it ends, or at nine tenths of a shorter life.</summary>
    private static readonly TimeSpan s_early = TimeSpan.FromMinutes(1);

    /// <summary>A server that refuses is asked again after this time: it may lock out who asks too often.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private static readonly HttpClients s_clients = new(TimeProvider.System);

    private bool _saysInBody;

    private readonly Lock _lock = new();
    private Task<Answer>? _asked;

    /// <summary>What the server has said: a token, or why there is none.</summary>
    private sealed record Answer(string? Token, string? Refusal, DateTimeOffset Until);

    public static OAuth2Options Read(YamlSection section)
    {
        Secret? secret = Secret.Read(section, "client_secret");
        if (secret is null)
            section.Report("client_secret", "is required");
        var options = new OAuth2Options(
            section.RequiredUrl("token_url"), section.RequiredText("client_id"), secret ?? Secret.FromValue(""),
            section.Has("scopes") ? string.Join(' ', section.Texts("scopes")) : null, section.Map("endpoint_params"),
            ReadSettings(section));
        section.Finish();
        return options;
    }

    /// <summary>A token that is still good. All that need one at a time wait for the same.</summary>
    /// <exception cref="HttpRequestException">The server gives none.</exception>
    public async Task<string> TokenAsync(TimeProvider time, CancellationToken ct)
    {
        Task<Answer> asked;
        lock (_lock)
        {
            bool isOver = _asked is null
                || (_asked.IsCompleted && (!_asked.IsCompletedSuccessfully || time.GetUtcNow() >= _asked.Result.Until));
            asked = isOver ? _asked = Task.Run(() => ReadAsync(time), CancellationToken.None) : _asked!;
        }
        Answer answer = await asked.WaitAsync(ct);
        return answer.Token ?? throw new HttpRequestException(answer.Refusal);
    }

    private async Task<Answer> ReadAsync(TimeProvider time)
    {
        DateTimeOffset now = time.GetUtcNow();
        using HttpResponseMessage response = await AskAsync(time);
        if (!response.IsSuccessStatusCode)
            return new Answer(null, $"the token server answers HTTP status {(int)response.StatusCode}", now + s_pause);
        try
        {
            using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            string token = answer.RootElement.GetProperty("access_token").GetString()!;
            bool tells = answer.RootElement.TryGetProperty("expires_in", out JsonElement e);
            var life = TimeSpan.FromSeconds(tells && e.TryGetDouble(out double given) ? Math.Clamp(given, 0, int.MaxValue) : 300);
            return new Answer(token, null, now + life - (s_early < life / 10 ? s_early : life / 10));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new Answer(null, "the token server's answer holds no access_token", now + s_pause);
        }
    }

    /// <summary>
    /// Asks for a token. Servers must take the secret in the header and may take it in the body; some do only that.
    /// </summary>
    private async Task<HttpResponseMessage> AskAsync(TimeProvider time)
    {
        using var limit = new CancellationTokenSource(s_patience, time);
        try
        {
            HttpResponseMessage response = await PostAsync(_saysInBody, limit.Token);
            if (response.IsSuccessStatusCode || (int)response.StatusCode is < 400 or >= 500)
                return response;
            HttpResponseMessage other = await PostAsync(!_saysInBody, limit.Token);
            if (!other.IsSuccessStatusCode)
            {
                other.Dispose();
                return response;
            }
            response.Dispose();
            _saysInBody = !_saysInBody;
            return other;
        }
        catch (OperationCanceledException)
        {
            throw new HttpRequestException("the token server gives no answer");
        }
    }

    private async Task<HttpResponseMessage> PostAsync(bool saysInBody, CancellationToken ct)
    {
        var form = new Dictionary<string, string>(Parameters) { ["grant_type"] = "client_credentials" };
        if (Scope is not null)
            form["scope"] = Scope;
        using var request = new HttpRequestMessage(HttpMethod.Post, TokenUrl);
        if (saysInBody)
            (form["client_id"], form["client_secret"]) = (ClientId, ClientSecret.Reveal());
        else
            request.Headers.TryAddWithoutValidation("Authorization",
                BasicAuthorization.Of(Uri.EscapeDataString(ClientId), Uri.EscapeDataString(ClientSecret.Reveal())));
        request.Content = new FormUrlEncodedContent(form);
        return await s_clients.Get(Settings).SendAsync(request, ct);
    }

    private static HttpSettings ReadSettings(YamlSection section)
    {
        ProxyOptions proxy = ProxyOptions.ReadKeys(section);
        return new HttpSettings
        {
            // Where nothing is said the environment decides, for mail as before.
            Tls = TlsOptions.Read(section.Section("tls_config")),
            Proxy = proxy.Url is null && !section.Has("proxy_from_environment") ? ProxyOptions.Environment : proxy,
            ConnectionLifetime = TimeSpan.FromMinutes(5),
        };
    }
}
