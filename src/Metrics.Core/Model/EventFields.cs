namespace Metrics.Model;

/// <summary>Names of the fields of an event, and how people write them in matchers, rules and labels.</summary>
/// <remarks>
/// Names follow the Elastic Common Schema; what OpenTelemetry's log record has as a field of its own (time, kind, severity, body) is no
/// attribute here either. https://opentelemetry.io/docs/specs/otel/logs/data-model/
/// </remarks>
public static class EventFields
{
    /// <summary>What happened, as a word of ours (<c>identity.authenticate</c>); OpenTelemetry's event name.</summary>
    public const string Kind = "kind";

    /// <summary>The text for people.</summary>
    public const string Body = "body";

    /// <summary>Severity from 1 (trace) to 24 (fatal); 0 is unknown.</summary>
    public const string SeverityNumber = "severity_number";

    /// <summary>The source's own word for the severity.</summary>
    public const string Level = "log.level";

    /// <summary>The machine on which it happened.</summary>
    public const string Host = "host.name";

    /// <summary>The service that reports it.</summary>
    public const string Service = "service.name";

    /// <summary><c>success</c>, <c>failure</c> or <c>unknown</c>.</summary>
    public const string Outcome = "event.outcome";

    /// <summary>Who did it.</summary>
    public const string UserName = "user.name";

    /// <summary>From where.</summary>
    public const string SourceIp = "source.ip";

    /// <summary>The port from which it came.</summary>
    public const string SourcePort = "source.port";

    /// <summary>The project that it is about.</summary>
    public const string ProjectId = "cloud.project.id";

    /// <summary>The process that reports it.</summary>
    public const string ProcessName = "process.name";

    /// <summary>Its number on that machine.</summary>
    public const string ProcessId = "process.pid";

    /// <summary>
    /// The fields' own full name: short words and labels (<c>host</c>, <c>source_ip</c>) become <c>host.name</c>, <c>source.ip</c>.
    /// </summary>
    /// <remarks>A label cannot hold a dot, so an underscore stands for it; a name that holds a dot is taken as it is.</remarks>
    public static string FullName(string name) => name switch
    {
        Kind or Body or SeverityNumber => name,
        "host" => Host,
        "service" => Service,
        "level" => Level,
        _ when name.Contains('.', StringComparison.Ordinal) => name,
        _ => Dotted(name),
    };

    /// <summary>
    /// The field's name as a label: dots become underscores, <c>host.name</c> and <c>service.name</c> are <c>host</c> and <c>service</c>.
    /// </summary>
    public static string LabelName(string field) => field switch
    {
        Host => "host",
        Service => "service",
        _ => field.Replace('.', '_'),
    };

    /// <summary>Fields whose own words hold an underscore, by their label: the underscore that is no dot must stay.</summary>
    private static readonly Dictionary<string, string> s_withUnderscore = new()
    {
        ["openstack_request_id"] = "openstack.request_id",
    };

    private static string Dotted(string label) => s_withUnderscore.GetValueOrDefault(label) ?? label.Replace('_', '.');
}
