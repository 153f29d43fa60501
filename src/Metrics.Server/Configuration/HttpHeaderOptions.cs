using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>Headers that each request to an endpoint has: <c>http_headers</c>.</summary>
/// <param name="All">By name; a header of several values stands there once each.</param>
/// <param name="Secrets">Names of those that hold secrets.</param>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config</remarks>
internal sealed record HttpHeaderOptions(IReadOnlyList<(string Name, Secret Value)> All, IReadOnlySet<string> Secrets)
{
    /// <summary>Where a request says which of its headers are for the first host alone.</summary>
    private static readonly HttpRequestOptionsKey<IReadOnlySet<string>> s_secret = new("http_headers");

    public static readonly HttpHeaderOptions None = new([], new HashSet<string>());

    /// <summary>Headers that other keys set, or the connection needs.</summary>
    private static readonly HashSet<string> s_reserved = new(
        [
            "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host",
            "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
            "X-Prometheus-Scrape-Timeout-Seconds",
        ], StringComparer.OrdinalIgnoreCase);

    public static HttpHeaderOptions Read(YamlSection section)
    {
        var all = new List<(string, Secret)>();
        var secret = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (string name in section.Keys.ToList())
        {
            YamlSection header = section.Section(name);
            if (s_reserved.Contains(name) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
                section.Report(name, "cannot be set: it belongs to the connection or to another key, or is no name of a header");
            all.AddRange(header.Texts("values").Concat(header.Texts("secrets")).Select(v => (name, Secret.FromValue(v))));
            if (header.Has("secrets") || header.Has("files"))
                secret.Add(name);
            foreach (string file in header.Texts("files"))
            {
                if (!File.Exists(file))
                    header.Report("files", $"holds '{file}', which does not exist");
                all.Add((name, Secret.FromFile(file)));
            }
        }
        section.Finish();
        return new HttpHeaderOptions(all, secret);
    }

    /// <summary>Adds them to a request.</summary>
    public void AddTo(HttpRequestMessage request)
    {
        foreach ((string name, Secret value) in All)
            request.Headers.TryAddWithoutValidation(name, value.Reveal());
        request.Options.Set(s_secret, Secrets);
    }

    /// <summary>Whether a header of a request is a secret by the configuration.</summary>
    public static bool IsSecret(HttpRequestMessage request, string header) =>
        request.Options.TryGetValue(s_secret, out IReadOnlySet<string>? names) && names.Contains(header);
}
