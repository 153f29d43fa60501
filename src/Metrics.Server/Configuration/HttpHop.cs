namespace Metrics.Configuration;

/// <summary>
/// One request of several that belong together: the first, or one that a redirect asks for. What goes along is as in Go's net/http.
/// </summary>
/// <param name="Url">Where to.</param>
/// <param name="Method">How.</param>
/// <param name="HasBody">Whether the body goes along.</param>
/// <param name="HasHost">Whether a header Host that is configured does.</param>
/// <param name="HasSecrets">
/// Whether what proves who we are does: to the first host and those of its domain, and to nobody once a redirect has left them.
/// </param>
/// <remarks>https://www.rfc-editor.org/rfc/rfc9110#section-15.4</remarks>
internal sealed record HttpHop(Uri Url, HttpMethod Method, bool HasBody, bool HasHost, bool HasSecrets)
{
    /// <summary>Headers that prove who we are.</summary>
    private static readonly HashSet<string> s_secret =
        new(["Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "Www-Authenticate"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whose the secrets are.</summary>
    private string FirstHost { get; init; } = Url.IdnHost;

    /// <summary>The first request.</summary>
    public static HttpHop First(Uri url, string method) => new(url, new HttpMethod(method), true, true, true);

    /// <summary>What an answer asks for next; null where it is no redirect.</summary>
    public HttpHop? After(HttpResponseMessage answer)
    {
        int status = (int)answer.StatusCode;
        if (status is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location)
            return null;
        var next = new Uri(Url, location);
        bool isSame = status is 307 or 308;
        return new HttpHop(
            next, isSame || Method == HttpMethod.Head ? Method : HttpMethod.Get, HasBody && isSame, HasHost && !location.IsAbsoluteUri,
            HasSecrets && IsOf(next.IdnHost, FirstHost)) { FirstHost = FirstHost };
    }

    /// <summary>Whether a configured header goes along.</summary>
    public bool Takes(string header) =>
        header.Equals("Host", StringComparison.OrdinalIgnoreCase) ? HasHost : HasSecrets || !s_secret.Contains(header);

    /// <summary>Whether a host is another, or lies in its domain.</summary>
    private static bool IsOf(string host, string domain) =>
        host.Equals(domain, StringComparison.OrdinalIgnoreCase)
        || (Uri.CheckHostName(domain) == UriHostNameType.Dns && host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));
}
