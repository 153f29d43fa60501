using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>
/// How an HTTP endpoint is reached, and what shows it who we are: <c>http_config</c> of Prometheus and Alertmanager. Secrets in files are
/// read at each use.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config</remarks>
internal sealed record HttpAccess
{
    /// <summary>First word of the Authorization header, and the rest of it.</summary>
    public string AuthorizationType { get; init; } = "Bearer";

    public Secret? Credentials { get; init; }

    /// <summary>For basic authentication.</summary>
    public Secret? Username { get; init; }

    public Secret? Password { get; init; }

    /// <summary>Who gives tokens, where these are to be asked for.</summary>
    public OAuth2Options? OAuth2 { get; init; }

    /// <summary>How its certificate is checked.</summary>
    public TlsOptions Tls { get; init; } = TlsOptions.None;

    public ProxyOptions Proxy { get; init; } = ProxyOptions.None;

    /// <summary>Whether redirects are followed; who we are is shown to the first host and its domain alone.</summary>
    public bool FollowRedirects { get; init; }

    /// <summary>Whether HTTP/2 is spoken with those that offer it, over TLS. Default yes.</summary>
    public bool Http2 { get; init; } = true;

    public HttpHeaderOptions Headers { get; init; } = HttpHeaderOptions.None;

    /// <summary>Reads a section that holds nothing else.</summary>
    /// <param name="section">The section.</param>
    /// <param name="otherwise">What holds where it is empty.</param>
    public static HttpAccess Read(YamlSection section, HttpAccess? otherwise)
    {
        if (otherwise is not null && !section.Keys.Any())
            return otherwise;
        HttpAccess access = ReadKeys(section, followsRedirects: false);
        section.Finish();
        return access;
    }

    /// <summary>Reads the keys where they stand among others.</summary>
    /// <param name="section">The section.</param>
    /// <param name="followsRedirects">Whether redirects are followed where nothing is said.</param>
    public static HttpAccess ReadKeys(YamlSection section, bool followsRedirects)
    {
        YamlSection authorization = section.Section("authorization"), basic = section.Section("basic_auth");
        if (authorization.Text("type") is { } type && type.Equals("basic", StringComparison.OrdinalIgnoreCase))
            authorization.Report("type", "is basic; set basic_auth");
        var access = new HttpAccess
        {
            AuthorizationType = authorization.Text("type", "Bearer"),
            Credentials = Secret.Read(authorization, "credentials") ?? Secret.Read(section, "bearer_token"),
            Username = Secret.Read(basic, "username"),
            Password = Secret.Read(basic, "password"),
            OAuth2 = section.Has("oauth2") ? OAuth2Options.Read(section.Section("oauth2")) : null,
            Tls = TlsOptions.Read(section.Section("tls_config")),
            Proxy = ProxyOptions.ReadKeys(section),
            FollowRedirects = section.Flag("follow_redirects", followsRedirects),
            Http2 = section.Flag("enable_http2", true),
            Headers = HttpHeaderOptions.Read(section.Section("http_headers")),
        };
        string[] ways = ["basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"];
        List<string> given = [.. ways.Where(section.Has)];
        if (given.Count > 1)
            section.Report(given[0], $"and {string.Join(" and ", given.Skip(1))} cannot stand together");
        authorization.Finish();
        basic.Finish();
        return access;
    }

    /// <summary>Settings of connections to it.</summary>
    /// <param name="basis">What is said elsewhere: packing, draining, times.</param>
    public HttpSettings ToSettings(HttpSettings basis) => basis with
    {
        Tls = Tls, Proxy = Proxy, FollowRedirects = FollowRedirects,
    };

    /// <summary>Sets the version of HTTP that a request asks for.</summary>
    public void SetVersion(HttpRequestMessage request)
    {
        if (Http2 && request.RequestUri!.Scheme == Uri.UriSchemeHttps)
            (request.Version, request.VersionPolicy) = (System.Net.HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower);
    }

    /// <summary>Says in a request who we are, and all else that each request to it says.</summary>
    /// <exception cref="HttpRequestException">A token is needed, and there is none to be had.</exception>
    public async Task SignAsync(HttpRequestMessage request, TimeProvider time, CancellationToken ct)
    {
        SetVersion(request);
        if (await AuthorizationAsync(time, ct) is { } authorization)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        Headers.AddTo(request);
    }

    private async ValueTask<string?> AuthorizationAsync(TimeProvider time, CancellationToken ct) =>
        OAuth2 is not null ? $"Bearer {await OAuth2.TokenAsync(time, ct)}"
        : Credentials is not null ? $"{AuthorizationType} {Credentials.Reveal()}"
        : BasicAuthorization.Of(Username?.Reveal(), Password);
}
