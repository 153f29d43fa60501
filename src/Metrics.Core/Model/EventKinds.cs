namespace Metrics.Model;

/// <summary>The words for what happened: the kinds that metricsd gives to what it understands. Senders may use others.</summary>
/// <remarks>docs/events.md lists them for people.</remarks>
public static class EventKinds
{
    /// <summary>A line that nobody has understood further.</summary>
    public const string Log = "log";

    /// <summary>Somebody has proven to the Identity service who they are, or failed to.</summary>
    public const string IdentityAuthenticate = "identity.authenticate";

    /// <summary>The Identity service has locked an account.</summary>
    public const string IdentityLockout = "identity.lockout";

    /// <summary>A service was started.</summary>
    public const string ServiceStart = "service.start";

    /// <summary>A service was stopped.</summary>
    public const string ServiceStop = "service.stop";

    /// <summary>A service ended by itself, failed, or was killed.</summary>
    public const string ServiceCrash = "service.crash";

    /// <summary>Somebody has logged in to a machine, or failed to.</summary>
    public const string HostLogin = "host.login";

    /// <summary>Somebody's session on a machine has ended.</summary>
    public const string HostLogout = "host.logout";

    /// <summary>Somebody has taken another account's rights, or failed to: sudo, su, pkexec.</summary>
    public const string HostSudo = "host.sudo";

    /// <summary>A machine was started, or goes down.</summary>
    public const string HostReboot = "host.reboot";

    /// <summary>A package was installed, changed or removed.</summary>
    public const string HostPackage = "host.package";

    /// <summary>An account or group of a machine was made, changed or removed; a password was changed.</summary>
    public const string HostAccount = "host.account";

    /// <summary>A setting was changed.</summary>
    public const string ConfigChanged = "config.changed";

    /// <summary>An HTTP server has answered a request: a line of an access log.</summary>
    public const string HttpRequest = "http.request";

    /// <summary>A tool for the detection of intrusion has found something.</summary>
    public const string IdsAlert = "ids.alert";

    /// <summary>An antivirus or rootkit scanner has found something.</summary>
    public const string MalwareFound = "malware.found";

    /// <summary>A file is not what it was.</summary>
    public const string IntegrityChanged = "integrity.changed";

    /// <summary>Something was made in the cloud: an instance, a volume, a user, a project.</summary>
    public const string ResourceCreated = "resource.created";

    /// <summary>Something was changed in the cloud.</summary>
    public const string ResourceUpdated = "resource.updated";

    /// <summary>Something was deleted in the cloud.</summary>
    public const string ResourceDeleted = "resource.deleted";

    /// <summary>A network interface or its cable has changed its state.</summary>
    public const string NetworkLink = "network.link";

    /// <summary>A bridge, or a port of it, has changed its state.</summary>
    public const string NetworkBridge = "network.bridge";

    /// <summary>A log has lost its end: it was cut short, and no copy of what was cut off is there.</summary>
    public const string LogTruncated = "log.truncated";

    /// <summary>The times of a log go back: its machine's clock was set, or older lines were written into it.</summary>
    public const string LogRewound = "log.rewound";

    /// <summary>An older file stands in the place of a log, or the log was edited.</summary>
    public const string LogReplaced = "log.replaced";

    /// <summary>Lines of a log were there and could not be read before they went.</summary>
    public const string LogGap = "log.gap";

    /// <summary>A source has written a kind of line that it has never written before.</summary>
    public const string LogNewLine = "log.new_line";

    /// <summary>A service's configuration was changed so that it logs less than before.</summary>
    public const string LogLowered = "log.lowered";

    /// <summary>The rules of a firewall were changed.</summary>
    public const string FirewallChanged = "firewall.changed";

    /// <summary>A rule of a firewall has logged a packet.</summary>
    public const string FirewallPacket = "firewall.packet";

    /// <summary>The kinds that there are, in the order of their words.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. typeof(EventKinds).GetFields().Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!)
            .Order(StringComparer.Ordinal),
    ];
}
