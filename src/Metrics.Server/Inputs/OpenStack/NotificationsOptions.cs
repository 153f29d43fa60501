using System.Text;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Inputs.OpenStack;

/// <summary>One of <c>inputs.openstack</c>: a cloud whose services send notifications over RabbitMQ.</summary>
internal sealed record NotificationsOptions : InputOptions
{
    /// <summary>Bytes of a name in AMQP.</summary>
    private const int MaxNameLength = 255;

    /// <summary>
    /// The exchanges (<c>control_exchange</c>) of Keystone, Glance, Neutron and Nova, and that of all services which set none.
    /// </summary>
    private static readonly string[] s_exchanges = ["glance", "keystone", "neutron", "nova", "openstack"];

    /// <summary>
    /// Of <c>[oslo_messaging_notifications] topics</c>, and of <c>[notifications] versioned_notifications_topics</c> in nova.
    /// </summary>
    private static readonly string[] s_topics = ["notifications", "versioned_notifications"];

    /// <summary>In the place of one that has been reported.</summary>
    private static readonly BrokerUrl s_none = new("", null, [], "/", false);

    /// <summary>What stands in its section, and in the files that it names: what makes two of these equal.</summary>
    public required SectionId Id { get; init; }

    /// <summary>Its name, as the operator has given it.</summary>
    public required string Label { get; init; }

    /// <inheritdoc />
    public override string Name => $"openstack/{Label}";

    /// <inheritdoc />
    public override string Kind => "openstack";

    /// <summary>Where RabbitMQ is.</summary>
    public required BrokerUrl Broker { get; init; }

    /// <summary>The password; null: that of the URL.</summary>
    public Secret? Password { get; init; }

    /// <summary>How its certificate is checked, and what we show it; used with <c>amqps</c>.</summary>
    public required TlsOptions Tls { get; init; }

    /// <summary>The queue, which is this input's own.</summary>
    public required string Queue { get; init; }

    /// <summary>The exchanges to which services send. Default: glance, keystone, neutron, nova, openstack.</summary>
    public required IReadOnlyList<string> Exchanges { get; init; }

    /// <summary>The topics of their notifications, each of all priorities. Default: notifications, versioned_notifications.</summary>
    public required IReadOnlyList<string> Topics { get; init; }

    /// <summary>The bindings that the queue is to have.</summary>
    public IEnumerable<QueueBinding> Bindings =>
        Exchanges.SelectMany(e => Topics, (exchange, topic) => new QueueBinding(exchange, $"{topic}.*"));

    /// <inheritdoc />
    public override IInput Create(InputTools tools) => new NotificationsInput(this, tools.Events, tools.Time);

    /// <inheritdoc />
    public bool Equals(NotificationsOptions? other) => other is not null && Id == other.Id;

    /// <inheritdoc />
    public override int GetHashCode() => Id.GetHashCode();

    /// <summary>Reads <c>inputs.openstack</c>.</summary>
    public static IEnumerable<NotificationsOptions> Read(YamlSection inputs) => inputs.Sections("openstack").Select(ReadOne);

    private static NotificationsOptions ReadOne(YamlSection cloud)
    {
        string label = cloud.RequiredText("name");
        if (!cloud.Has("notifications"))
            cloud.Report("notifications", "is required");
        YamlSection section = cloud.Section("notifications");
        BrokerUrl broker = cloud.Has("notifications") ? ReadUrl(section) : s_none;
        var one = new NotificationsOptions
        {
            Id = SectionId.Of($"inputs openstack {label}", cloud),
            Label = label,
            Broker = broker,
            Password = Secret.Read(section, "password"),
            Tls = TlsOptions.Read(section.Section("tls_config")),
            Queue = $"{section.Text("queue_prefix", "metricsd")}.{label}",
            Exchanges = ReadNames(section, "exchanges", s_exchanges),
            Topics = ReadNames(section, "topics", s_topics),
        };
        if (one.Password is not null && broker.Password is not null)
            section.Report("password", "is in the URL too; leave it out there");
        if (section.Has("tls_config") && broker is { IsTls: false } && broker != s_none)
            section.Report("tls_config", "stands beside a URL without TLS; write amqps://");
        if (one.Queue.StartsWith("amq.", StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(one.Queue) > MaxNameLength)
            section.Report("queue_prefix", $"gives the queue '{one.Queue}'; a name has at most 255 bytes and does not begin with 'amq.'");
        section.Finish();
        cloud.Finish();
        return one;
    }

    private static BrokerUrl ReadUrl(YamlSection section)
    {
        if (Secret.Read(section, "url") is not { } secret)
        {
            section.Report("url", "is required, or 'url_file'");
            return s_none;
        }
        string key = section.Has("url_file") ? "url_file" : "url";
        try
        {
            if (BrokerUrl.TryParse(secret.Reveal(), out BrokerUrl? url, out string problem))
                return url;
            section.Report(key, problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // One that is missing is reported already.
            if (section.Text(key) is { } file && File.Exists(file))
                section.Report(key, e.Message);
        }
        return s_none;
    }

    private static string[] ReadNames(YamlSection section, string key, string[] otherwise)
    {
        string[] names = section.Has(key) ? [.. section.Texts(key).Distinct()] : otherwise;
        if (names.Length == 0)
            section.Report(key, "is empty");
        foreach (string name in names.Where(n => n.Length == 0 || Encoding.UTF8.GetByteCount(n) > MaxNameLength - 2))
            section.Report(key, $"holds '{name}'; a name has 1 to {MaxNameLength - 2} bytes");
        return names;
    }
}

/// <summary>That a queue gets what is sent to an exchange.</summary>
/// <param name="Exchange">The exchange.</param>
/// <param name="Key">The routing keys, where <c>*</c> stands for a word.</param>
internal sealed record QueueBinding(string Exchange, string Key);
