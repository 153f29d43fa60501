using Metrics.Model;

namespace Metrics.Rules.Sigma;

/// <summary>Which logs a rule's <c>logsource</c> names.</summary>
/// <remarks>https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-appendix-taxonomy.md</remarks>
internal static class SigmaSources
{
    private static readonly Dictionary<string, SigmaField> s_webFields = new()
    {
        ["cs-method"] = SigmaField.Of(EventFields.HttpMethod),
        ["c-uri"] = SigmaField.Of(EventFields.Url),
        ["cs-uri"] = SigmaField.Of(EventFields.Url),
        ["c-uri-stem"] = new(SigmaUrl.Path, null),
        ["cs-uri-stem"] = new(SigmaUrl.Path, null),
        // Rules for web servers look for paths in it too, as older servers of other makers log both there.
        ["cs-uri-query"] = new(SigmaUrl.Query, null) { Also = e => e.Field(EventFields.Url) },
        ["c-uri-query"] = new(SigmaUrl.Query, null) { Also = e => e.Field(EventFields.Url) },
        ["c-uri-extension"] = new(SigmaUrl.Extension, null),
        ["sc-status"] = SigmaField.Of(EventFields.HttpStatus),
        ["sc-bytes"] = SigmaField.Of(EventFields.HttpBytes),
        ["c-useragent"] = SigmaField.Of(EventFields.UserAgent),
        ["cs-user-agent"] = SigmaField.Of(EventFields.UserAgent),
        ["cs-host"] = SigmaField.Of(EventFields.UrlDomain),
        ["cs-username"] = SigmaField.Of(EventFields.UserName),
        ["c-ip"] = SigmaField.Of(EventFields.SourceIp),
        ["src_ip"] = SigmaField.Of(EventFields.SourceIp),
        ["dst_ip"] = SigmaField.Of(EventFields.DestinationIp),
    };

    private static readonly Dictionary<string, SigmaField> s_hostFields = new()
    {
        ["User"] = SigmaField.Of(EventFields.UserName),
        ["USER"] = SigmaField.Of(EventFields.EffectiveUserName),
        ["TargetUserName"] = SigmaField.Of(EventFields.TargetUserName),
        ["CommandLine"] = SigmaField.Of(EventFields.CommandLine),
        ["COMMAND"] = SigmaField.Of(EventFields.CommandLine),
        ["src_ip"] = SigmaField.Of(EventFields.SourceIp),
        ["SourceIp"] = SigmaField.Of(EventFields.SourceIp),
    };

    private static readonly SigmaSource[] s_all =
    [
        SigmaAuditSources.Auditd, SigmaAuditSources.ProcessCreation, SigmaAuditSources.FileEvent, SigmaAuditSources.NetworkConnection,
        new("linux", IsLine) { Fields = s_hostFields },
        new("linux/syslog", e => IsLine(e) && e.Dataset != "auditd") { Fields = s_hostFields },
        Host("auth", IsAuth),
        Host("sshd", e => e.Dataset == "sshd" || e.Service is "sshd" or "sshd-session" or "sshd-auth"),
        Host("sudo", e => e.Dataset == "sudo" || e.Service == "sudo"),
        Host("cron", e => e.Dataset == "cron" || e.Service is "CRON" or "cron" or "crond" or "CROND" or "crontab" or "anacron"),
        Host("clamav", e => e.Dataset == "clamav" || e.Service is "clamd" or "clamav" or "freshclam" or "clamonacc" or "clamscan"),
        Host("vsftpd", e => e.Dataset == "vsftpd" || e.Service == "vsftpd"),
        Host("guacamole", e => e.Service is "guacd" or "guacamole" or "guacamole-client"),
        Host("modsecurity", e => e.Field(EventFields.ObserverName) == "ModSecurity"),
        SigmaSource.OfKind("webserver", EventKinds.HttpRequest, s_webFields),
        new("apache", e => IsServer(e, "apache", "httpd")) { Fields = s_webFields },
        new("nginx", e => IsServer(e, "nginx", "nginx")) { Fields = s_webFields },
        SigmaSource.OfKind("antivirus", EventKinds.MalwareFound, new Dictionary<string, SigmaField>
        {
            ["Signature"] = SigmaField.Of(EventFields.RuleName), ["Filename"] = SigmaField.Of(EventFields.FilePath),
        }),
        SigmaSource.OfKind("firewall", EventKinds.FirewallPacket, new Dictionary<string, SigmaField>
        {
            ["src_ip"] = SigmaField.Of(EventFields.SourceIp), ["src_port"] = SigmaField.Of(EventFields.SourcePort),
            ["dst_ip"] = SigmaField.Of(EventFields.DestinationIp), ["dst_port"] = SigmaField.Of(EventFields.DestinationPort),
        }),
        new("openstack", _ => true) { Other = SigmaOwnFields.FindAny },
    ];

    private static readonly Dictionary<string, SigmaSource> s_byName = s_all.ToDictionary(s => s.Name);

    /// <summary>The logs that a rule names; null where metricsd reads no such.</summary>
    public static SigmaSource? Find(string? category, string? product, string? service) => (category, product, service) switch
    {
        ("process_creation" or "file_event" or "network_connection", "linux" or null, null) =>
            s_byName.GetValueOrDefault($"linux {category}"),
        ("webserver", null or "linux", null) => s_byName["webserver"],
        ("webserver", "apache" or "nginx", null) => s_byName[product],
        ("antivirus" or "firewall", null, null) => s_byName[category],
        (null, "apache" or "nginx", null or "access" or "error") => s_byName[product],
        (null, null or "apache" or "nginx", "apache" or "nginx") => s_byName[service],
        (null, null or "linux" or "apache" or "nginx" or "modsecurity", "modsecurity") => s_byName["linux/modsecurity"],
        (null, "modsecurity", null) => s_byName["linux/modsecurity"],
        (null, "linux", null) => s_byName["linux"],
        (null, "linux", _) => s_byName.GetValueOrDefault($"linux/{service}"),
        (null, "openstack", null) => s_byName["openstack"],
        (null, "openstack", _) => OpenStack(service),
        _ => null,
    };

    private static SigmaSource Host(string service, Predicate<SigmaEvent> has) => new($"linux/{service}", has) { Fields = s_hostFields };

    /// <summary>Any line of a log of the machine; those of web servers are logs of their own to Sigma.</summary>
    private static bool IsLine(SigmaEvent one) =>
        (one.Kind == EventKinds.Log || one.Dataset.Length > 0) && one.Kind != EventKinds.HttpRequest;

    private static bool IsAuth(SigmaEvent one) =>
        one.Kind is EventKinds.HostLogin or EventKinds.HostLogout or EventKinds.HostSudo or EventKinds.HostAccount
        || one.Dataset is "sshd" or "sudo" or "su" or "pam" or "login" or "logind" or "accounts" or "polkit" or "pkexec"
        || one.Service is "sshd" or "sshd-session" or "sudo" or "su" or "login" or "systemd-logind" or "polkitd" or "pkexec"
        || (one.Field(EventFields.LogFilePath) is { } path
            && (path.EndsWith("/auth.log", StringComparison.Ordinal) || path.EndsWith("/secure", StringComparison.Ordinal)));

    /// <summary>What a web server has written: its own format, or an access log that says by name or file whose it is.</summary>
    private static bool IsServer(SigmaEvent one, string name, string otherName) =>
        one.Dataset == name || Names(one.Service, name, otherName)
        || (one.Dataset == "access" && Names(one.Field(EventFields.LogFilePath) ?? "", name, otherName));

    private static bool Names(string text, string name, string otherName) =>
        text.Contains(name, StringComparison.Ordinal) || text.Contains(otherName, StringComparison.Ordinal);

    /// <summary>The services of one project of OpenStack: <c>nova</c>, <c>nova-compute</c>, <c>nova_api</c>.</summary>
    private static SigmaSource OpenStack(string service) =>
        new($"openstack/{service}", e => e.Service == service || (e.Service.Length > service.Length
            && e.Service[service.Length] is '-' or '_' or '.' && e.Service.StartsWith(service, StringComparison.Ordinal)))
        {
            Other = SigmaOwnFields.FindAny,
        };
}
