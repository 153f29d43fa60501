using System.Net.Http.Headers;
using System.Text.Json;

namespace Metrics.Pollers.OpenStack.Client;

/// <summary>
/// The token of one account: got once, shared by all, renewed before it ends and when a service refuses it. While Keystone does not answer,
/// a token whose time is not over goes on being used, even one that a service has refused: without Keystone it could not tell, others may
/// know.
/// </summary>
internal sealed class KeystoneSession(CloudAccess access, CloudTransport transport, TimeProvider time) : IDisposable
{
    /// <summary>Renewal begins this long before the end, or at a tenth of a shorter life.</summary>
    private static readonly TimeSpan s_before = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);
    private Token? _token;
    private Token? _refused;
    private DateTimeOffset _notBefore;

    /// <summary>Address of the Identity API, version included.</summary>
    public Uri Url { get; } = ServiceApi.WithVersion(access.Auth.AuthUrl, CloudService.Identity);

    /// <summary>The token at hand, or null before the first login.</summary>
    public Token? Current => _token;

    /// <summary>A token that is good now.</summary>
    /// <exception cref="CloudException">Keystone gives none.</exception>
    public async Task<Token> GetAsync(CancellationToken ct)
    {
        if (_token is { } token && !IsDue(token))
            return token;
        await _one.WaitAsync(ct);
        try
        {
            DateTimeOffset now = time.GetUtcNow();
            if (_token is { } known && (!IsDue(known) || (now < known.ExpiresAt && now < _notBefore)))
                return known;
            try
            {
                return _token = await LoginAsync(ct);
            }
            catch (CloudException e) when (_token is { } old && now < old.ExpiresAt && e.Status is 0 or 429 or >= 500)
            {
                _notBefore = now + s_retryAfter;
                return old;
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Tells that a service has refused a token: the next call asks for another.</summary>
    public void Refuse(Token token) => _refused = token;

    public void Dispose() => _one.Dispose();

    private bool IsDue(Token token)
    {
        if (ReferenceEquals(token, _refused))
            return true;
        TimeSpan life = token.ExpiresAt - token.IssuedAt;
        TimeSpan before = life / 10 < s_before ? life / 10 : s_before;
        return time.GetUtcNow() >= token.ExpiresAt - before;
    }

    private async Task<Token> LoginAsync(CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ServiceApi.At(Url, "/auth/tokens"));
        request.Content = new ByteArrayContent(access.Auth.ToRequest());
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using CloudAnswer answer = await transport.SendAsync(CloudService.Identity, "/auth/tokens", request, ct);
        if (answer.Status != 201 && answer.Status != 200)
            throw new CloudException("identity POST /auth/tokens: HTTP "
                + $"{answer.Status}{CloudException.Reason(await answer.ReadTextAsync(ct))}", answer.Status);
        string id = answer.Header("X-Subject-Token")
            ?? throw new CloudException("identity POST /auth/tokens: the answer brings no X-Subject-Token");
        using JsonDocument body = await answer.ReadJsonAsync(ct);
        var token = Token.Read(id, body.RootElement, time.GetUtcNow());
        return token.Catalog.Count > 0 ? token : token with { Catalog = await ReadCatalogAsync(token, ct) };
    }

    /// <summary>A token for the system brings no catalogue; Keystone's own lists tell the same.</summary>
    private async Task<IReadOnlyList<CloudEndpoint>> ReadCatalogAsync(Token token, CancellationToken ct)
    {
        using JsonDocument services = await GetAsync(token, "/services", ct);
        using JsonDocument endpoints = await GetAsync(token, "/endpoints", ct);
        Dictionary<string, (string Type, string Name)> byId = services.RootElement.Items("services")
            .DistinctBy(s => s.Text("id")).ToDictionary(s => s.Text("id"), s => (s.Text("type"), s.Text("name")));
        return [.. endpoints.RootElement.Items("endpoints")
            .Where(e => byId.ContainsKey(e.Text("service_id")) && e.Text("enabled") != "false")
            .Select(e => Token.Endpoint(byId[e.Text("service_id")].Type, byId[e.Text("service_id")].Name, e)).OfType<CloudEndpoint>()];
    }

    private async Task<JsonDocument> GetAsync(Token token, string route, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ServiceApi.At(Url, route));
        request.Headers.TryAddWithoutValidation("X-Auth-Token", token.Id);
        using CloudAnswer answer = await transport.SendAsync(CloudService.Identity, route, request, ct);
        return answer.Status == 200
            ? await answer.ReadJsonAsync(ct)
            : throw CloudException.Of("identity", route, answer.Status, await answer.ReadTextAsync(ct));
    }
}
