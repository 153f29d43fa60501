using System.Net;

namespace Metrics.Configuration;

/// <summary>
/// The proxies that the environment names, by Go's rules: <c>http_proxy</c> and <c>https_proxy</c> by the scheme of what is asked for,
/// <c>no_proxy</c> with networks and whole domains; also in capitals.
/// </summary>
/// <remarks>https://pkg.go.dev/golang.org/x/net/http/httpproxy#FromEnvironment</remarks>
internal sealed class EnvironmentProxy : IWebProxy
{
    private readonly NamedProxy? _http;
    private readonly NamedProxy? _https;

    /// <param name="variable">Gives the value of a variable, or null.</param>
    public EnvironmentProxy(Func<string, string?> variable)
    {
        string except = Read("no_proxy") ?? "";
        (_http, _https) = (Of(Read("http_proxy")), Of(Read("https_proxy")));

        string? Read(string name) => variable(name) is { Length: > 0 } small ? small : variable(name.ToUpperInvariant());

        NamedProxy? Of(string? address)
        {
            if (string.IsNullOrEmpty(address))
                return null;
            string whole = address.Contains("://", StringComparison.Ordinal) ? address : $"http://{address}";
            if (!Uri.TryCreate(whole, UriKind.Absolute, out Uri? url))
                return null;
            ProxyOptions proxy = ProxyOptions.Of(url);
            return new NamedProxy(proxy.Url!, proxy.Account, except);
        }
    }

    /// <summary>Found by the proxy's address: the two may have accounts of their own.</summary>
    public ICredentials? Credentials
    {
        get => new Accounts(this);
        set => throw new NotSupportedException();
    }

    public Uri? GetProxy(Uri destination) => Of(destination)?.GetProxy(destination);

    public bool IsBypassed(Uri host) => Of(host)?.IsBypassed(host) != false;

    private NamedProxy? Of(Uri destination) => destination.Scheme is "https" or "wss" ? _https : _http;

    private sealed class Accounts(EnvironmentProxy proxies) : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType) =>
            new[] { proxies._https, proxies._http }.OfType<NamedProxy>().FirstOrDefault(p => p.Address.Authority == uri.Authority)
                ?.Credentials?.GetCredential(uri, authType);
    }
}
