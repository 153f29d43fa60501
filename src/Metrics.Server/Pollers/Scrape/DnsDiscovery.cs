using System.Globalization;
using DnsClient;
using DnsClient.Protocol;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>Targets by the records of names in the DNS (<c>dns_sd_configs</c>).</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#dns_sd_config</remarks>
internal sealed record DnsDiscovery : Discovery
{
    private const string Meta = "__meta_dns_";

    private static readonly string[] s_types = ["SRV", "A", "AAAA", "MX", "NS"];

    public required IReadOnlyList<string> Names { get; init; }

    public required QueryType Type { get; init; }

    /// <summary>Port of the targets, where the records have none.</summary>
    public required int Port { get; init; }

    public override string Mechanism => "dns";

    public override IReadOnlyList<string> Sources => Names;

    public static DnsDiscovery Read(YamlSection section)
    {
        string type = section.Text("type", "SRV").ToUpperInvariant();
        if (!s_types.Contains(type))
        {
            section.Report("type", $"is '{type}'; allowed are {string.Join(", ", s_types)}");
            type = "SRV";
        }
        if (type != "SRV" && !section.Has("port"))
            section.Report("port", $"is required: records {type} have none");
        var discovery = new DnsDiscovery
        {
            Id = SectionId.Of("dns_sd_configs", section),
            Names = section.Texts("names"),
            Type = Enum.Parse<QueryType>(type),
            Port = ReadPort(section, 80),
            RefreshInterval = ReadInterval(section, TimeSpan.FromSeconds(30)),
        };
        if (discovery.Names.Count == 0)
            section.Report("names", "is required");
        section.Finish();
        return discovery;
    }

    public override IFinder Open(FinderTools tools) => Open(new LookupClient(), SearchList.OfSystem());

    /// <summary>Asks certain servers, for tests.</summary>
    internal IFinder Open(ILookupClient servers, SearchList search) => new Finder(this, servers, search);

    private sealed class Finder(DnsDiscovery asked, ILookupClient servers, SearchList search) : IFinder
    {
        public async Task<IReadOnlyList<TargetGroup>> FindAsync(string source, ICollection<string> leftOut, CancellationToken ct)
        {
            string? failure = null;
            foreach (string name in search.NamesOf(source))
            {
                IDnsQueryResponse response = await servers.QueryAsync(name, asked.Type, cancellationToken: ct);
                if (!response.HasError)
                    return [.. response.Answers.Select(a => Group(source, a)).OfType<TargetGroup>()];
                if (response.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain)
                    failure ??= $"the server answers {response.ErrorMessage}";
            }
            return failure is null ? [] : throw new HttpRequestException(failure);
        }

        public void Dispose()
        {
        }

        private TargetGroup? Group(string name, DnsResourceRecord record) => record switch
        {
            SrvRecord srv => Group(name, Host(srv.Target), srv.Port,
                ("srv_record_target", srv.Target.Value), ("srv_record_port", srv.Port.ToString(CultureInfo.InvariantCulture))),
            MxRecord mx => Group(name, Host(mx.Exchange), asked.Port, ("mx_record_target", mx.Exchange.Value)),
            NsRecord ns => Group(name, Host(ns.NSDName), asked.Port, ("ns_record_target", ns.NSDName.Value)),
            ARecord a => Group(name, a.Address.ToString(), asked.Port),
            AaaaRecord a => Group(name, $"[{a.Address}]", asked.Port),
            _ => null,
        };

        private static string Host(DnsString name) => name.Value.TrimEnd('.');

        private static TargetGroup Group(string name, string host, int port, params IEnumerable<(string Name, string Value)> meta) => new(
            [string.Create(CultureInfo.InvariantCulture, $"{host}:{port}")],
            meta.Append(("name", name)).ToDictionary(m => Meta + m.Item1, m => m.Item2));
    }
}
