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

    /// <summary>
    /// For whom it was forwarded, as the client and the proxies between have said it, the nearest last; whatever is before may be made up.
    /// </summary>
    public const string SourceForwarded = "source.forwarded";

    /// <summary>The country in which <c>source.ip</c> is (<c>events.geo</c>): two letters, ISO 3166-1.</summary>
    public const string SourceCountry = "source.geo.country_iso_code";

    /// <summary>Where <c>source.ip</c> is: degrees north and east, <c>52.52,13.405</c>.</summary>
    public const string SourceLocation = "source.geo.location";

    /// <summary>The trusted proxy by which it came (<c>events.trusted_proxies</c>).</summary>
    public const string ProxyIp = "proxy.ip";

    /// <summary>The port of that proxy from which it came.</summary>
    public const string ProxyPort = "proxy.port";

    /// <summary>The project that it is about.</summary>
    public const string ProjectId = "cloud.project.id";

    /// <summary>The process that reports it.</summary>
    public const string ProcessName = "process.name";

    /// <summary>Its number on that machine.</summary>
    public const string ProcessId = "process.pid";

    /// <summary>What was done, in the source's own word: <c>delete.project</c>, <c>ban</c>.</summary>
    public const string Action = "event.action";

    /// <summary>
    /// What of it was never seen before (<c>events.first_seen</c>): <c>account</c>, <c>origin</c>, <c>country</c>, <c>service</c>,
    /// <c>rule</c>, or several of them with commas between.
    /// </summary>
    public const string First = "event.first";

    /// <summary>
    /// <c>impossible</c> where an account has got in from a place that nobody reaches from where it was before (<c>events.geo</c>).
    /// </summary>
    public const string Travel = "event.travel";

    /// <summary>The window of <c>maintenance</c> in which it happened.</summary>
    public const string Planned = "event.planned";

    /// <summary><c>working_hours</c> where somebody has logged in outside the time interval of that name.</summary>
    public const string Outside = "event.outside";

    /// <summary>Who has understood it: the format of the line, or the program whose text it is, as <c>sshd</c>.</summary>
    public const string Dataset = "event.dataset";

    /// <summary>The source's own name for the event: a message id, a serial number of auditd.</summary>
    public const string EventId = "event.id";

    /// <summary>How many times it happened, where one record stands for several.</summary>
    public const string Count = "event.count";

    /// <summary>Why, in a word or a sentence of the source.</summary>
    public const string Reason = "event.reason";

    /// <summary>How bad it is, as the source counts: Suricata's priority (1 is the worst), OSSEC's level (15 is the worst).</summary>
    public const string Severity = "event.severity";

    /// <summary>How long it took, nanoseconds.</summary>
    public const string Duration = "event.duration";

    /// <summary>Who did it, by number or id.</summary>
    public const string UserId = "user.id";

    /// <summary>By what somebody has proven, or tried to prove, who they are: <c>password</c>, <c>publickey</c>.</summary>
    public const string AuthenticationMethod = "authentication.method";

    /// <summary>The beginning of a keyed hash of a wrong password, as Keystone tells it: the same where it is the same password.</summary>
    public const string Fingerprint = "authentication.fingerprint";

    /// <summary>The domain of who did it.</summary>
    public const string UserDomain = "user.domain";

    /// <summary>The project in whose name it was done, where that is another than the one that it is about.</summary>
    public const string UserProjectId = "user.project.id";

    /// <summary>The account whose rights were taken.</summary>
    public const string EffectiveUserName = "user.effective.name";

    /// <summary>The account to which it was done.</summary>
    public const string TargetUserName = "user.target.name";

    /// <summary>The account to which it was done, by number or id.</summary>
    public const string TargetUserId = "user.target.id";

    /// <summary>The group that it is about.</summary>
    public const string GroupName = "group.name";

    /// <summary>From where, by name.</summary>
    public const string SourceDomain = "source.domain";

    /// <summary>The network from which a rule lets in: <c>0.0.0.0/0</c>, <c>10.0.0.0/8</c>.</summary>
    public const string SourceNetwork = "source.network";

    /// <summary>To where.</summary>
    public const string DestinationIp = "destination.ip";

    /// <summary>To where, by name: a host, or what a proxy calls it, as <c>nova_api/ctl-1</c>.</summary>
    public const string DestinationDomain = "destination.domain";

    /// <summary>The port to which it went; of rules of a security group also <c>8000-8999</c>, <c>any</c>, <c>22,25</c>.</summary>
    public const string DestinationPort = "destination.port";

    /// <summary><c>tcp</c>, <c>udp</c>, <c>icmp</c> …</summary>
    public const string Transport = "network.transport";

    /// <summary><c>ingress</c> or <c>egress</c>.</summary>
    public const string NetworkDirection = "network.direction";

    /// <summary>A command with its arguments.</summary>
    public const string CommandLine = "process.command_line";

    /// <summary>The program's file.</summary>
    public const string Executable = "process.executable";

    /// <summary>The terminal on which it ran, or what a program calls so: <c>pts/0</c>, <c>ssh</c>, <c>cron</c>.</summary>
    public const string Terminal = "process.tty";

    /// <summary>With what the process ended.</summary>
    public const string ExitCode = "process.exit_code";

    /// <summary>The file that it is about.</summary>
    public const string FilePath = "file.path";

    /// <summary>That file's SHA-256, in hexadecimal.</summary>
    public const string FileSha256 = "file.hash.sha256";

    /// <summary>The log from which it was read.</summary>
    public const string LogFilePath = "log.file.path";

    /// <summary>Where in that log it begins, bytes.</summary>
    public const string LogOffset = "log.offset";

    /// <summary>A kind of line: its words, and a mask such as <c>&lt;NUM&gt;</c> where lines differ.</summary>
    public const string LogTemplate = "log.template";

    /// <summary>How many records were lost before this one, where the log itself says so.</summary>
    public const string LogLost = "log.lost";

    /// <summary>The unit of systemd's that the process belongs to.</summary>
    public const string SystemdUnit = "systemd.unit";

    /// <summary>The part of the program that reports it, such as a module.</summary>
    public const string Logger = "log.logger";

    /// <summary>The rule that has found it, by number or id.</summary>
    public const string RuleId = "rule.id";

    /// <summary>The rule that has found it, by name; of malware its name.</summary>
    public const string RuleName = "rule.name";

    /// <summary>What kind of rule it is.</summary>
    public const string RuleCategory = "rule.category";

    /// <summary>The tool that has found it.</summary>
    public const string ObserverName = "observer.name";

    /// <summary><c>finished</c> where a scanner, or what fetches its definitions, has come to the end of a look.</summary>
    public const string ScanState = "scan.state";

    /// <summary>How many things a scanner has looked at.</summary>
    public const string SummaryChecked = "summary.checked";

    /// <summary>How many bad things a scanner has found.</summary>
    public const string SummaryFound = "summary.found";

    /// <summary>How many files are new since a scanner looked last.</summary>
    public const string SummaryAdded = "summary.added";

    /// <summary>How many files are gone since a scanner looked last.</summary>
    public const string SummaryRemoved = "summary.removed";

    /// <summary>How many files are not what they were when a scanner looked last.</summary>
    public const string SummaryChanged = "summary.changed";

    /// <summary>The instance that it is about.</summary>
    public const string InstanceId = "cloud.instance.id";

    /// <summary>The region that it is about.</summary>
    public const string Region = "cloud.region";

    /// <summary>The request of OpenStack's that it belongs to: <c>req-…</c>.</summary>
    public const string RequestId = "openstack.request_id";

    /// <summary>The request that one service has made of others for: <c>req-…</c>.</summary>
    public const string GlobalRequestId = "openstack.global_request_id";

    /// <summary>What kind of thing was made, changed or deleted: <c>instance</c>, <c>volume</c>, <c>project</c>.</summary>
    public const string ResourceType = "openstack.resource.type";

    /// <summary>The thing's id.</summary>
    public const string ResourceId = "openstack.resource.id";

    /// <summary>The security group to which a rule was added.</summary>
    public const string SecurityGroupId = "openstack.security_group.id";

    /// <summary>The port to which a floating address leads; none where it leads nowhere.</summary>
    public const string PortId = "openstack.port.id";

    /// <summary>GET, POST …</summary>
    public const string HttpMethod = "http.request.method";

    /// <summary>What was answered: 200, 401 …</summary>
    public const string HttpStatus = "http.response.status_code";

    /// <summary>Bytes that were answered.</summary>
    public const string HttpBytes = "http.response.body.bytes";

    /// <summary>The address or path as it was asked for.</summary>
    public const string Url = "url.original";

    /// <summary>The name under which the server was asked.</summary>
    public const string UrlDomain = "url.domain";

    /// <summary>What the client calls itself.</summary>
    public const string UserAgent = "user_agent.original";

    /// <summary>The setting that was changed, such as <c>DEFAULT.debug</c>.</summary>
    public const string ConfigOption = "config.option";

    /// <summary>What it was before.</summary>
    public const string ConfigOld = "config.old";

    /// <summary>What it is now.</summary>
    public const string ConfigNew = "config.new";

    /// <summary>A network interface by name.</summary>
    public const string Interface = "observer.ingress.interface.name";

    /// <summary>The network interface by which something went out.</summary>
    public const string EgressInterface = "observer.egress.interface.name";

    /// <summary>A bridge or network by name.</summary>
    public const string NetworkName = "network.name";

    /// <summary>The package that it is about.</summary>
    public const string PackageName = "package.name";

    /// <summary>Its version.</summary>
    public const string PackageVersion = "package.version";

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

    /// <summary>
    /// Fields whose own words hold an underscore, by their label: the underscore that is no dot must stay; and those of other names.
    /// </summary>
    private static readonly Dictionary<string, string> s_withUnderscore = new()
    {
        ["openstack_request_id"] = RequestId,
        ["openstack_global_request_id"] = GlobalRequestId,
        ["openstack_security_group_id"] = SecurityGroupId,
        ["process_command_line"] = CommandLine,
        ["process_exit_code"] = ExitCode,
        ["http_response_status_code"] = HttpStatus,
        ["user_agent_original"] = UserAgent,
        ["source_geo_country_iso_code"] = SourceCountry,
        // What servers and shippers call the header.
        ["http_x_forwarded_for"] = SourceForwarded,
        ["x_forwarded_for"] = SourceForwarded,
        ["X-Forwarded-For"] = SourceForwarded,
        ["x-forwarded-for"] = SourceForwarded,
    };

    private static string Dotted(string label) => s_withUnderscore.GetValueOrDefault(label) ?? label.Replace('_', '.');
}
