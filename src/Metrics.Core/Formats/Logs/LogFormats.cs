using Metrics.Formats.Logs.Audit;
using Metrics.Formats.Logs.Host;
using Metrics.Formats.Logs.OpenStack;
using Metrics.Formats.Logs.Security;
using Metrics.Formats.Logs.Servers;

namespace Metrics.Formats.Logs;

/// <summary>All formats of logs, in the order in which they are tried: the more a format asks of a line, the earlier.</summary>
public static class LogFormats
{
    /// <summary>The formats.</summary>
    public static IReadOnlyList<LogFormat> All { get; } =
    [
        AuditLog.Format,
        SuricataEve.Format,
        WazuhAlerts.Format,
        Falco.Format,
        SnortJson.Format,
        Teleport.Format,
        CrowdSec.Format,
        KubernetesAudit.Format,
        OssecAlerts.Format,
        OssecLog.Format,
        SnortAlert.Format,
        ClamAv.Format,
        Aide.Format,
        Rkhunter.Format,
        Chkrootkit.Format,
        Tripwire.Format,
        UtmpDump.Format,
        Fail2banLog.Format,
        DpkgLog.Format,
        RpmLog.Dnf,
        VsftpdLog.Format,
        Notifications.Format,
        OsloJsonLog.Format,
        UwsgiLog.Format,
        ApacheErrorLog.Format,
        NginxErrorLog.Format,
        OsloLog.Format,
        RabbitMqLog.Format,
        VlogLog.Format,
        LibvirtLog.Format,
        // These begin with a time and a word, as syslog's newer header does.
        CephLog.Format,
        MySqlLog.Format,
        PacemakerLog.Format,
        LeveledLog.Format,
        SyslogLines.Format,
        AccessLog.Format,
        HaProxyLog.Format,
        DatedLines.Format,
    ];

    /// <summary>Those that are read where they are named only: their files are no text.</summary>
    public static IReadOnlyList<LogFormat> Binary { get; } = [LoginRecords.Format];

    /// <summary>The format of a name, or null.</summary>
    public static LogFormat? Find(string name) => All.Concat(Binary).FirstOrDefault(f => f.Name == name);
}
