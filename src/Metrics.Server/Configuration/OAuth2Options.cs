using System.Text.Json;
using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>Access tokens by the client credentials grant.</summary>
/// <remarks>RFC 6749, section 4.4; the token is used by SASL XOAUTH2.</remarks>
internal sealed record OAuth2Options(Uri TokenUrl, string ClientId, Secret ClientSecret, string? Scope)
{
    /// <summary>A token is renewed so long before it ends.</summary>
    private static readonly TimeSpan s_early = TimeSpan.FromMinutes(1);

    private static readonly HttpClient s_http =
        new HttpSettings { ProxyFromEnvironment = true, ConnectionLifetime = TimeSpan.FromMinutes(5) }
            .CreateClient(timeout: TimeSpan.FromSeconds(20));

    private (string Token, DateTimeOffset Until)? _token;

    public static OAuth2Options Read(YamlSection section)
    {
        Secret? secret = Secret.Read(section, "client_secret");
        if (secret is null)
            section.Report("client_secret", "is required");
        var options = new OAuth2Options(
            section.RequiredUrl("token_url"), section.RequiredText("client_id"), secret ?? Secret.FromValue(""),
            section.Has("scopes") ? string.Join(' ', section.Texts("scopes")) : null);
        section.Finish();
        return options;
    }

    /// <summary>A token that is still good.</summary>
    /// <exception cref="HttpRequestException">The server gives none.</exception>
    public async Task<string> TokenAsync(TimeProvider time, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_token is { } known && now < known.Until)
            return known.Token;
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = ClientId,
            ["client_secret"] = ClientSecret.Reveal(),
        };
        if (Scope is not null)
            form["scope"] = Scope;
        using HttpResponseMessage response = await s_http.PostAsync(TokenUrl, new FormUrlEncodedContent(form), ct);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"the token server answers HTTP status {(int)response.StatusCode}");
        try
        {
            using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(ct));
            string token = answer.RootElement.GetProperty("access_token").GetString()!;
            bool tells = answer.RootElement.TryGetProperty("expires_in", out JsonElement e);
            double seconds = tells && e.TryGetDouble(out double given) ? given : 300;
            _token = (token, now + TimeSpan.FromSeconds(seconds) - s_early);
            return token;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new HttpRequestException("the token server's answer holds no access_token", e);
        }
    }
}
