namespace Metrics.Formats.Logs;

/// <summary>All formats of logs, in the order in which they are tried: the more a format asks of a line, the earlier.</summary>
public static class LogFormats
{
    /// <summary>The formats.</summary>
    public static IReadOnlyList<LogFormat> All { get; } =
    [
        UtmpDump.Format,
        Fail2banLog.Format,
        DpkgLog.Format,
        RpmLog.Dnf,
        VsftpdLog.Format,
        SyslogLines.Format,
        DatedLines.Format,
    ];

    /// <summary>The format of a name, or null.</summary>
    public static LogFormat? Find(string name) => All.FirstOrDefault(f => f.Name == name);
}
