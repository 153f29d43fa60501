namespace Metrics.Formats.Logs.Audit;

/// <summary>Audit records in syslog and journals.</summary>
/// <remarks>
/// <code>
/// audispd: type=USER_LOGIN msg=audit(1795687200.123:42): pid=981 …          audisp-syslog, with node= before it where it is told to
/// audit[1]: SERVICE_START pid=1 uid=0 … msg='unit=cron …'                   the journal's own reading of the kernel's audit
/// audit[1]: AUDIT1334 prog-id=22 op=LOAD                                    the same, of a type that systemd has no name for
/// audit: type=1400 audit(1795687200.123:42): apparmor="DENIED" …            the kernel, where no auditd runs
/// </code>
/// audisp-syslog(8), systemd-journald.service(8)
/// </remarks>
public static class AuditMessages
{
    /// <summary>The texts of the audit system.</summary>
    public static LogMessageFormat Format { get; } = new("auditd", TryRead, "audit", "audispd", "audisp-syslog");

    private static ReadOnlySpan<byte> Unnamed => "AUDIT"u8;

    /// <summary>Reads a record in the kernel's own log, where it begins with <c>audit: type=</c>, or of old with <c>type=</c>.</summary>
    public static bool TryReadKernel(ReadOnlySpan<byte> message, LogRecord record)
    {
        LogText.TryTake(ref message, "audit: "u8);
        return message.StartsWith("type="u8) && AuditEvent.TryRead(message, record);
    }

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        int blank = message.IndexOf((byte)' ');
        if (blank <= 0)
            return false;
        if (message.StartsWith("type="u8) || message.StartsWith("node="u8))
            return AuditEvent.TryRead(message, record);
        ReadOnlySpan<byte> type = message[..blank];
        if (!IsType(type))
            return false;
        if (type.StartsWith(Unnamed) && LogText.IsNumber(type[Unnamed.Length..]))
            type = type[Unnamed.Length..];
        AuditEvent.ReadBody(AuditTypes.NameOf(type), message[(blank + 1)..], record);
        return true;
    }

    private static bool IsType(ReadOnlySpan<byte> word)
    {
        foreach (byte c in word)
        {
            if (!char.IsAsciiLetterUpper((char)c) && !char.IsAsciiDigit((char)c) && c != '_')
                return false;
        }
        return word.Length is >= 3 and <= 32 && char.IsAsciiLetterUpper((char)word[0]);
    }
}
