using System.Globalization;
using System.Net;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Pollers.Backends;

/// <summary>What a cloud's services rest on: one entry of a section such as <c>rabbitmq</c>.</summary>
/// <param name="Kind">The section, and the job of its series.</param>
/// <param name="Instance">Which of them.</param>
/// <param name="Interval">How often it is asked. Default 15 s.</param>
/// <param name="Timeout">Longest time of one poll.</param>
/// <param name="Create">Makes what asks it.</param>
internal sealed record BackendJob(string Kind, string Instance, TimeSpan Interval, TimeSpan Timeout, Func<IPoller> Create) : TargetSection;

/// <summary>The backends as targets.</summary>
internal sealed class BackendSource : ITargetSource
{
    public IEnumerable<TargetDeclaration> Discover(TargetSections sections) =>
        sections.OfType<BackendJob>().Select(j => new TargetDeclaration(j, j.Kind, j.Instance, j.Interval, j.Timeout, j.Create));
}

/// <summary>The kinds of backends; a new one is one line here.</summary>
internal static class BackendKinds
{
    private static readonly (string Section, Func<YamlSection, (string Instance, Func<IPoller> Create)> Read)[] s_kinds =
    [
        ("rabbitmq", s => Web(s, "http://127.0.0.1:15672", (http, url, user, password) => new RabbitMqPoller(http, url, user, password))),
        ("mysql", MySql),
        ("memcached", Memcached),
        ("haproxy", s => Web(s, "http://127.0.0.1:9000/;csv", (http, url, user, password) => new HaproxyPoller(http, url, user, password))),
    ];

    /// <summary>All entries of all sections.</summary>
    public static IReadOnlyList<BackendJob> Read(YamlSection top) =>
        [.. s_kinds.SelectMany(k => top.Sections(k.Section).Select(s => Read(k.Section, s, k.Read)))];

    private static BackendJob Read(string kind, YamlSection section, Func<YamlSection, (string Instance, Func<IPoller> Create)> read)
    {
        TimeSpan interval = section.Duration("interval", TimeSpan.FromSeconds(15), min: TimeSpan.FromSeconds(1));
        (string byDefault, Func<IPoller> create) = read(section);
        string instance = section.Text("instance", byDefault);
        var job = new BackendJob(kind, instance, interval, section.Timeout("timeout", "interval", interval), create)
        {
            Id = SectionId.Of($"{kind} {instance}", section),
        };
        section.Finish();
        return job;
    }

    private static (string, Func<IPoller>) Web(
        YamlSection section, string @default, Func<HttpMessageInvoker, Uri, string?, Secret?, IPoller> create)
    {
        string text = section.Text("url", @default);
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
        {
            section.Report("url", $"is '{text}'; it must be a URL such as {@default}");
            url = new Uri(@default);
        }
        TlsOptions tls = TlsOptions.Read(section.Section("tls_config"));
        string? user = section.Text("username");
        Secret? password = Secret.Read(section, "password");
        return (url.Authority, () => create(CreateClient(tls), url, user, password));
    }

    /// <summary>A client of one target, which disposes it.</summary>
    private static HttpMessageInvoker CreateClient(TlsOptions tls) =>
        new(new HttpSettings { Tls = tls, Decompression = DecompressionMethods.GZip }.CreateHandler());

    private static (string, Func<IPoller>) MySql(YamlSection section)
    {
        (string host, int port) = Address(section, 3306);
        var target = new MySqlTarget(
            host, port, section.Text("socket"), section.Text("username", "metricsd"), Secret.Read(section, "password"),
            section.Flag("require_tls", false));
        return (target.ToString(), () => new MySqlPoller(target));
    }

    private static (string, Func<IPoller>) Memcached(YamlSection section)
    {
        (string host, int port) = Address(section, 11211);
        return (string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"), () => new MemcachedPoller(host, port));
    }

    private static (string Host, int Port) Address(YamlSection section, int @default)
    {
        string text = section.Text("address", "127.0.0.1");
        int colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']'))
            return (text.Trim('[', ']'), @default);
        if (ushort.TryParse(text.AsSpan(colon + 1), CultureInfo.InvariantCulture, out ushort port) && port > 0)
            return (text[..colon].Trim('[', ']'), port);
        section.Report("address", $"is '{text}'; it must be HOST or HOST:PORT");
        return (text[..colon], @default);
    }
}
