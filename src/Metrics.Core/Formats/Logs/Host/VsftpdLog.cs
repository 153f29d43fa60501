using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>vsftpd, by its own log and by syslog.</summary>
/// <remarks>
/// <code>
/// Thu Nov 26 10:00:00 2026 [pid 1234] [ann] FAIL LOGIN: Client "::ffff:192.0.2.7"
/// Thu Nov 26 10:00:00 2026 [pid 1234] [ftp] OK LOGIN: Client "192.0.2.7", anon password "word"
/// </code>
/// </remarks>
public static class VsftpdLog
{
    /// <summary>The program <c>vsftpd</c>.</summary>
    public static LogMessageFormat Messages { get; } = new("vsftpd", TryReadMessage, "vsftpd");

    /// <summary>vsftpd's log.</summary>
    public static LogFormat Format { get; } = new("vsftpd", TryReadLine);

    private static bool TryReadLine(ReadOnlySpan<byte> line, LogContext context, LogRecord record)
    {
        if (line.Length < 32 || line[3] != ' ' || line[7] != ' ' || !char.IsAsciiLetterUpper((char)line[0]))
            return false;
        int process = line[..Math.Min(line.Length, 48)].IndexOf(" [pid "u8);
        if (process < 0 || SyslogTime.ReadBsd(line[4..process], context.Now, context.Zone, out long time, out _) != SyslogTimeState.Given)
            return false;
        ReadOnlySpan<byte> text = line[(process + 6)..];
        record.Time = time;
        record.Set(EventFields.Service, "vsftpd");
        record.Set(EventFields.ProcessName, "vsftpd");
        record.Set(EventFields.ProcessId, text.TakeDigits());
        if (!text.TryTake("] "u8))
            return false;
        TryReadMessage(text, record);
        return true;
    }

    /// <summary>
    /// <c>[NAME] OK LOGIN: Client "ADDRESS"[, anon password "WORD"]</c>. Names of those who fail, and the word, may hold all of that: where
    /// there is a failure it is one, and the last one counts; else the first.
    /// </summary>
    private static bool TryReadMessage(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> connected = "CONNECT: Client \""u8;
        if (text.StartsWith(connected))
        {
            record.SetSource(text[connected.Length..].TrimEnd((byte)'"'));
            return true;
        }
        ReadOnlySpan<byte> failed = "] FAIL LOGIN: Client \""u8, passed = "] OK LOGIN: Client \""u8;
        int end = text.LastIndexOf(failed);
        bool succeeded = end < 0;
        if (succeeded)
            end = text.IndexOf(passed);
        if (end < 1 || text[0] != '[')
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded);
        record.Set(EventFields.UserName, text[1..end]);
        ReadOnlySpan<byte> address = text[(end + (succeeded ? passed : failed).Length)..];
        int quote = address.IndexOf((byte)'"');
        record.SetSource(quote < 0 ? address : address[..quote]);
        return true;
    }
}
