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

    /// <summary>What is probed: <c>targets</c> with <c>labels</c>, and those of <c>static_configs</c> with their own beside them.</summary>
    public required IReadOnlyList<(string Target, IReadOnlyDictionary<string, string> Labels)> Targets { get; init; }

    /// <summary><c>any</c> (the resolver's first), <c>ip4</c> or <c>ip6</c>.</summary>
    public required string IpProtocol { get; init; }

    public required TlsOptions Tls { get; init; }

    public required HttpProbeOptions Http { get; init; }

    public required TcpProbeOptions Tcp { get; init; }

    public required DnsProbeOptions Dns { get; init; }

    public required IcmpProbeOptions Icmp { get; init; }

    public static ProbeJob Read(YamlSection section)
    {
        TimeSpan interval = section.Duration("interval", TimeSpan.FromSeconds(15), min: TimeSpan.FromSeconds(1));
        string prober = section.Choice("prober", "http", "http", "tcp", "tls", "dns", "icmp");
        YamlSection httpSection = section.Section("http"), tcpSection = section.Section("tcp");
        var http = HttpProbeOptions.Read(httpSection);
        var tcp = TcpProbeOptions.Read(tcpSection, prober == "tls");
        var common = TlsOptions.Read(section.Section("tls_config"));
        var job = new ProbeJob
        {
            Id = SectionId.Of($"probes {section.Text("job_name")}", section),
            Name = section.RequiredText("job_name"),
            Prober = prober,
            Interval = interval,
            Timeout = section.Timeout("timeout", "interval", interval),
            Targets = ReadTargets(section),
            IpProtocol = section.Choice("ip_protocol", "any", "any", "ip4", "ip6"),
            // It may stand in the prober's section too, where blackbox_exporter has it.
            Tls = httpSection.Has("tls_config") ? http.Access.Tls : tcpSection.Has("tls_config") ? tcp.TlsConfig : common,
            Http = http,
            Tcp = tcp,
            Dns = DnsProbeOptions.Read(section.Section("dns"), prober == "dns"),
            Icmp = IcmpProbeOptions.Read(section.Section("icmp")),
        };
        if (job.Targets.Count == 0)
            section.Report("targets", "or static_configs is required");
        foreach (string target in job.Targets.Select(t => t.Target).Where(t => !IsTarget(prober, t)))
            section.Report("targets",
                $"holds '{UserInfo.Without(target)}'; a target of the prober {prober} is "
                    + $"{(prober == "http" ? "a URL such as https://host/path" : prober is "tcp" or "tls" ? "HOST:PORT" : "a host")}");
        section.Finish();
        return job;
    }

    private static List<(string Target, IReadOnlyDictionary<string, string> Labels)> ReadTargets(YamlSection section)
    {
        IReadOnlyDictionary<string, string> common = section.Map("labels");
        List<(string, IReadOnlyDictionary<string, string>)> all = [.. section.Texts("targets").Select(t => (t, common))];
        foreach (YamlSection group in section.Sections("static_configs"))
        {
            var labels = new Dictionary<string, string>(common);
            foreach ((string name, string value) in group.Map("labels"))
                labels[name] = value;
            all.AddRange(group.Texts("targets").Select(t => (t, (IReadOnlyDictionary<string, string>)labels)));
            group.Finish();
        }
        return all;
    }

    private static bool IsTarget(string prober, string target) => prober switch
    {
        "http" => Uri.TryCreate(target, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https",
        "tcp" or "tls" => ProbeTarget.TryParse(target, out _, out int port) && port > 0,
        _ => target.Length > 0,
    };

    /// <summary>A regular expression of the configuration; a wrong one is reported and matches nothing.</summary>
    internal static Re2? ReadRegex(YamlSection section, string key, string? pattern)
    {
        if (pattern is null)
            return null;
        try
        {
            return new Re2(pattern, whole: false, dotAll: false);
        }
        catch (ArgumentException e)
        {
            section.Report(key, $"is not a valid regular expression: {e.Message}");
            return null;
        }
    }

    /// <summary>The same of all that stand under a key.</summary>
    internal static IReadOnlyList<Re2> ReadRegexes(YamlSection section, string key) =>
        [.. section.Texts(key).Select(p => ReadRegex(section, key, p)).OfType<Re2>()];
}

/// <summary>One step of a conversation: what must come, what is then sent, whether TLS starts after it.</summary>
internal sealed record QueryResponse(Re2? Expect, string? Send, bool StartTls);

internal sealed record TcpProbeOptions(bool Tls, TlsOptions TlsConfig, IReadOnlyList<QueryResponse> Steps)
{
    public static TcpProbeOptions Read(YamlSection section, bool tls)
    {
        var steps = new List<QueryResponse>();
        foreach (YamlSection step in section.Sections("query_response"))
        {
            OthersKeys.RefuseInProbe(step);
            steps.Add(
                new QueryResponse(
                ProbeJob.ReadRegex(step, "expect", step.Text("expect")), step.Text("send"), step.Flag("starttls", false)));
            step.Finish();
        }
        var options = new TcpProbeOptions(section.Flag("tls", tls), TlsOptions.Read(section.Section("tls_config")), steps);
        OthersKeys.RefuseInProbe(section);
        section.Finish();
        return options;
    }
}
