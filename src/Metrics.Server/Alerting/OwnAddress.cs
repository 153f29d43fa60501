using System.Net;
using Metrics.Text;

namespace Metrics.Alerting;

/// <summary>The address that links in messages begin with: <c>external_url</c>, else where it listens, by this machine's name.</summary>
internal static class OwnAddress
{
    private const string DefaultListen = "127.0.0.1:9890";

    /// <summary>Reads it, without a slash at its end.</summary>
    public static string Read(YamlSection top)
    {
        if (top.Text("external_url") is not { Length: > 0 } given)
            return OfListen(top.Text("listen", DefaultListen), top.Has("tls_server_config"), Dns.GetHostName());
        // Links that begin with a name alone lead nowhere.
        if (!given.Contains("://", StringComparison.Ordinal))
            given = "http://" + given;
        if (!Uri.TryCreate(given, UriKind.Absolute, out Uri? url) || url is not { Scheme: "http" or "https", Host.Length: > 0 }
            || url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            top.Report(
                "external_url", $"is '{given}'; it must be a http or https address without a query, such as https://metrics.example.org");
        }
        return given.TrimEnd('/');
    }

    /// <summary>Where it listens, as others see it; a socket has no address, and what is listened on everywhere is none either.</summary>
    /// <param name="listen">Where it listens.</param>
    /// <param name="isSecured">Whether by TLS.</param>
    /// <param name="machine">This machine's name.</param>
    public static string OfListen(string listen, bool isSecured, string machine)
    {
        string address = listen.StartsWith("unix:", StringComparison.Ordinal) ? DefaultListen : listen;
        int colon = address.LastIndexOf(':');
        bool isEverywhere = colon > 0 && IPAddress.TryParse(address[..colon].Trim('[', ']'), out IPAddress? ip)
            && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
        if (isEverywhere && Uri.CheckHostName(machine) != UriHostNameType.Unknown)
            address = machine + address[colon..];
        return $"{(isSecured ? "https" : "http")}://{address}";
    }

    /// <summary>Whether an address leads everybody to their own machine.</summary>
    public static bool IsLocal(string url) => Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.IsLoopback;
}
