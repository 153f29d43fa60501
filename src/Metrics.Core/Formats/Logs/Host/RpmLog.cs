using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>Packages of Red Hat and its kin: yum's log and what it tells syslog, and the logs of dnf.</summary>
/// <remarks>
/// <code>
/// Nov 26 10:00:00 Installed: 1:openssl-libs-1.0.2k-26.el7_9.x86_64            yum.log: no host and no program before it
/// Nov 26 10:00:00 node-7 yum[1234]: Updated: bash-4.2.46-35.el7_9.x86_64
/// 2026-11-26T10:00:00+0100 SUBDEBUG Upgraded: bash-5.2.26-3.el9.x86_64        dnf.rpm.log
/// 2026-11-26T10:00:00+0100 INFO --- logging initialized ---                   dnf.log, dnf.librepo.log
/// </code>
/// </remarks>
public static class RpmLog
{
    /// <summary>The format <c>dnf</c>.</summary>
    public static LogFormat Dnf { get; } = new("dnf", TryReadDnf);

    /// <summary>yum, by its name or by what stands where its name would.</summary>
    public static LogMessageFormat Yum { get; } = new("yum", TryReadYum, "yum", "Installed", "Updated", "Erased", "Dep-Installed");

    private static bool TryReadYum(ReadOnlySpan<byte> text, LogRecord record)
    {
        string? program = record[EventFields.Service];
        string? action = program is "yum" ? TakeAction(ref text) : program;
        if (action is null || text.IsEmpty || text.Contains((byte)' '))
            return false;
        record.Set(EventFields.Service, "yum");
        record.Set(EventFields.ProcessName, "yum");
        SetPackage(text, action, record);
        return true;
    }

    private static bool TryReadDnf(ReadOnlySpan<byte> line, LogContext context, LogRecord record)
    {
        if (line.Length < 26 || line[10] != 'T' || !LogTimes.TryDate(line, context.Zone, out long time, out int length))
            return false;
        ReadOnlySpan<byte> text = line[length..];
        if (!text.TryTake(" "u8))
            return false;
        ReadOnlySpan<byte> level = text.TakeWord();
        byte severity = IsFine(level) ? Severity.Debug : LogLevels.NumberOf(level);
        string? action = TakeAction(ref text);
        // Others write such a time and a level too.
        if (severity == 0 || (action is null && !IsFine(level) && !text.StartsWith("--- logging initialized"u8)))
            return false;
        record.Time = time;
        record.SeverityNumber = severity;
        record.Set(EventFields.Level, level);
        record.Set(EventFields.Service, "dnf");
        if (action is not null)
            SetPackage(text, action, record);
        return true;
    }

    /// <summary>Whether it is a level that dnf alone has.</summary>
    private static bool IsFine(ReadOnlySpan<byte> level) => level.SequenceEqual("SUBDEBUG"u8) || level.SequenceEqual("DDEBUG"u8);

    /// <summary><c>Upgrade</c> and <c>Erase</c> announce what <c>Upgraded</c> and <c>Erased</c> end; the end counts.</summary>
    private static string? TakeAction(scoped ref ReadOnlySpan<byte> text) =>
        text.TryTake("Installed: "u8) ? "Installed"
        : text.TryTake("Dep-Installed: "u8) ? "Dep-Installed"
        : text.TryTake("Updated: "u8) ? "Updated"
        : text.TryTake("Upgraded: "u8) ? "Upgraded"
        : text.TryTake("Downgraded: "u8) ? "Downgraded"
        : text.TryTake("Reinstalled: "u8) ? "Reinstalled"
        : text.TryTake("Erased: "u8) ? "Erased"
        : text.TryTake("Removed: "u8) ? "Removed" : null;

    /// <summary><c>[EPOCH:]NAME-VERSION-RELEASE[.ARCH]</c>: the name may hold dashes, version and release do not.</summary>
    private static void SetPackage(ReadOnlySpan<byte> package, string action, LogRecord record)
    {
        package = package.TrimEnd((byte)' ');
        record.Kind = EventKinds.HostPackage;
        record.Set(EventFields.Action, action);
        int colon = package.IndexOf((byte)':');
        if (LogText.IsNumber(colon < 0 ? default : package[..colon]))
            package = package[(colon + 1)..];
        int release = package.LastIndexOf((byte)'-');
        int version = release < 1 ? -1 : package[..release].LastIndexOf((byte)'-');
        if (version < 1)
        {
            record.Set(EventFields.PackageName, package);
            return;
        }
        record.Set(EventFields.PackageName, package[..version]);
        ReadOnlySpan<byte> rest = package[(version + 1)..];
        int arch = rest.LastIndexOf((byte)'.');
        record.Set(EventFields.PackageVersion, arch > 0 ? rest[..arch] : rest);
    }
}
