using System.Text.RegularExpressions;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Pollers.Probes;

/// <summary>One <c>probes</c> entry: how to probe, and what. The words are blackbox_exporter's.</summary>
/// <remarks>https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md</remarks>
internal sealed record ProbeJob : TargetSection
{
    public required string Name { get; init; }

    public override string? UniqueJob => Name;

    /// <summary><c>http</c>, <c>tcp</c>, <c>tls</c>, <c>dns</c> or <c>icmp</c>.</summary>
    public required string Prober { get; init; }

    public required TimeSpan Interval { get; init; }

    public required TimeSpan Timeout { get; init; }

    public required IReadOnlyList<string> Targets { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary><c>any</c> (the resolver's first), <c>ip4</c> or <c>ip6</c>.</summary>
    public required string IpProtocol { get; init; }

    public required TlsOptions Tls { get; init; }

    public required HttpProbeOptions Http { get; init; }

    public required TcpProbeOptions Tcp { get; init; }

    public required DnsProbeOptions Dns { get; init; }

    public static ProbeJob Read(YamlSection section)
    {
        TimeSpan interval = section.Duration("interval", TimeSpan.FromSeconds(15), min: TimeSpan.FromSeconds(1));
        string prober = section.Choice("prober", "http", "http", "tcp", "tls", "dns", "icmp");
        var job = new ProbeJob
        {
            Id = SectionId.Of($"probes {section.Text("job_name")}", section),
            Name = section.RequiredText("job_name"),
            Prober = prober,
            Interval = interval,
            Timeout = section.Timeout("timeout", "interval", interval),
            Targets = section.Texts("targets"),
            Labels = section.Map("labels"),
            IpProtocol = section.Choice("ip_protocol", "any", "any", "ip4", "ip6"),
            Tls = TlsOptions.Read(section.Section("tls_config")),
            Http = HttpProbeOptions.Read(section.Section("http")),
            Tcp = TcpProbeOptions.Read(section.Section("tcp"), prober == "tls"),
            Dns = DnsProbeOptions.Read(section.Section("dns"), prober == "dns"),
        };
        if (job.Targets.Count == 0)
            section.Report("targets", "is required");
        foreach (string target in job.Targets.Where(t => !IsTarget(prober, t)))
            section.Report("targets",
                $"holds '{UserInfo.Without(target)}'; a target of the prober {prober} is "
                    + $"{(prober == "http" ? "a URL such as https://host/path" : prober is "tcp" or "tls" ? "HOST:PORT" : "a host")}");
        section.Finish();
        return job;
    }

    private static bool IsTarget(string prober, string target) => prober switch
    {
        "http" => Uri.TryCreate(target, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https",
        "tcp" or "tls" => ProbeTarget.TryParse(target, out _, out int port) && port > 0,
        _ => target.Length > 0,
    };

    /// <summary>A regular expression of the configuration; a wrong one is reported and matches nothing.</summary>
    internal static Regex? ReadRegex(YamlSection section, string key, string? pattern)
    {
        if (pattern is null)
            return null;
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Multiline);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            section.Report(key, $"is not a valid regular expression: {e.Message}");
            return null;
        }
    }
}

/// <summary>What an HTTP answer must be like.</summary>
internal sealed record HttpProbeOptions(
    string Method, IReadOnlyDictionary<string, string> Headers, string? Body, IReadOnlyList<int> ValidStatusCodes, bool FollowRedirects,
    IReadOnlyList<Regex> FailIfMatches, IReadOnlyList<Regex> FailIfNotMatches, bool FailIfSsl, bool FailIfNotSsl,
    string? Username, Secret? Password, Secret? BearerToken, long BodySizeLimitBytes)
{
    public static HttpProbeOptions Read(YamlSection section)
    {
        var codes = new List<int>();
        foreach (string text in section.Texts("valid_status_codes"))
        {
            if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int code)
                && code is >= 100 and <= 599)
                codes.Add(code);
            else
                section.Report("valid_status_codes", $"holds '{text}', which is not a status code");
        }
        var options = new HttpProbeOptions(
            section.Text("method", "GET"), section.Map("headers"), section.Text("body"), codes, section.Flag("follow_redirects", true),
            Regexes("fail_if_body_matches_regexp"), Regexes("fail_if_body_not_matches_regexp"),
            section.Flag("fail_if_ssl", false), section.Flag("fail_if_not_ssl", false),
            section.Text("username"), Secret.Read(section, "password"), Secret.Read(section, "bearer_token"),
                section.Bytes("body_size_limit", 10L << 20, min: 1));
        section.Finish();
        return options;

        List<Regex> Regexes(string key) => [.. section.Texts(key).Select(p => ProbeJob.ReadRegex(section, key, p)).OfType<Regex>()];
    }
}

/// <summary>One step of a conversation: what must come, what is then sent, whether TLS starts after it.</summary>
internal sealed record QueryResponse(Regex? Expect, string? Send, bool StartTls);

internal sealed record TcpProbeOptions(bool Tls, IReadOnlyList<QueryResponse> Steps)
{
    public static TcpProbeOptions Read(YamlSection section, bool tls)
    {
        var steps = new List<QueryResponse>();
        foreach (YamlSection step in section.Sections("query_response"))
        {
            steps.Add(
                new QueryResponse(
                ProbeJob.ReadRegex(step, "expect", step.Text("expect")), step.Text("send"), step.Flag("starttls", false)));
            step.Finish();
        }
        var options = new TcpProbeOptions(section.Flag("tls", tls), steps);
        section.Finish();
        return options;
    }
}

internal sealed record DnsProbeOptions(
    string QueryName, DnsClient.QueryType Type, bool OverTcp, IReadOnlyList<string> ValidRcodes, IReadOnlyList<Regex> FailIfNotMatches,
    IReadOnlyList<Regex> FailIfNoneMatches)
{
    public static DnsProbeOptions Read(YamlSection section, bool isUsed)
    {
        string typeText = section.Text("query_type", "A");
        if (!Enum.TryParse(typeText, ignoreCase: true, out DnsClient.QueryType type))
            section.Report("query_type", $"is '{typeText}'; it must be a DNS type such as A, AAAA, SOA or MX");
        var options = new DnsProbeOptions(
            isUsed ? section.RequiredText("query_name") : section.Text("query_name", ""), type,
            section.Choice("transport_protocol", "udp", "udp", "tcp") == "tcp",
            section.Texts("valid_rcodes"), Regexes("fail_if_not_matches_regexp"), Regexes("fail_if_none_matches_regexp"));
        section.Finish();
        return options;

        List<Regex> Regexes(string key) => [.. section.Texts(key).Select(p => ProbeJob.ReadRegex(section, key, p)).OfType<Regex>()];
    }
}
