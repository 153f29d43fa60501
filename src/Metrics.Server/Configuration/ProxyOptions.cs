using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>Through which proxy something is reached.</summary>
/// <param name="Url">The proxy; user and password in it are for the proxy. Null is none.</param>
/// <param name="Except">Hosts that are reached without it, as <c>no_proxy</c> has them; null is none.</param>
/// <param name="IsFromEnvironment">Whether <c>http_proxy</c>, <c>https_proxy</c> and <c>no_proxy</c> of the environment say so.</param>
internal sealed record ProxyOptions(Uri? Url, string? Except, bool IsFromEnvironment)
{
    public static readonly ProxyOptions None = new(null, null, false);

    /// <summary>Reads the keys where they stand among others.</summary>
    public static ProxyOptions ReadKeys(YamlSection section)
    {
        var proxy = new ProxyOptions(
            section.Has("proxy_url") ? section.RequiredUrl("proxy_url") : null, section.Text("no_proxy"),
            section.Flag("proxy_from_environment", false));
        if (proxy.IsFromEnvironment && (proxy.Url is not null || proxy.Except is not null))
            section.Report("proxy_from_environment", "and proxy_url or no_proxy cannot stand together");
        else if (proxy is { Url: null, Except: not null })
            section.Report("no_proxy", "needs proxy_url");
        return proxy;
    }
}
