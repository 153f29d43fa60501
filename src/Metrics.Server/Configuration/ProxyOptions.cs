using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>Through which proxy something is reached. Two are equal where account and exceptions are, too.</summary>
/// <param name="Url">The proxy, without its account; null is none.</param>
/// <param name="Account">User and password for the proxy, as they stand in an address; null is none. Never to be shown.</param>
/// <param name="Except">Hosts that are reached without it, as <c>no_proxy</c> has them; null is none.</param>
/// <param name="IsFromEnvironment">Whether <c>http_proxy</c>, <c>https_proxy</c> and <c>no_proxy</c> of the environment say so.</param>
internal sealed record ProxyOptions(Uri? Url, string? Account, string? Except, bool IsFromEnvironment)
{
    public static readonly ProxyOptions None = new(null, null, null, false);

    public static readonly ProxyOptions Environment = new(null, null, null, true);

    /// <summary>Reads the keys where they stand among others.</summary>
    public static ProxyOptions ReadKeys(YamlSection section)
    {
        ProxyOptions named = section.Has("proxy_url") ? Of(section.RequiredUrl("proxy_url")) : None;
        ProxyOptions proxy = named with
        {
            Except = section.Text("no_proxy"), IsFromEnvironment = section.Flag("proxy_from_environment", false),
        };
        if (proxy.IsFromEnvironment && (proxy.Url is not null || proxy.Except is not null))
            section.Report("proxy_from_environment", "and proxy_url or no_proxy cannot stand together");
        else if (proxy is { Url: null, Except: not null })
            section.Report("no_proxy", "needs proxy_url");
        return proxy;
    }

    /// <summary>The proxy of an address, which may hold an account.</summary>
    public static ProxyOptions Of(Uri address)
    {
        var bare = new UriBuilder(address) { UserName = "", Password = "" };
        return None with { Url = bare.Uri, Account = address.UserInfo.Length > 0 ? address.UserInfo : null };
    }

    public override string ToString() => Url?.ToString() ?? (IsFromEnvironment ? "by the environment" : "none");
}
