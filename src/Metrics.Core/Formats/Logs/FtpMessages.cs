using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>Servers for FTP: ProFTPD, Pure-FTPd, vsftpd and ftpd, by syslog and by logs of their own.</summary>
/// <remarks>
/// <code>
/// ftp-1 (host.example.org[192.0.2.7]) - USER ann: Login successful.
/// ftp-1 (host.example.org[192.0.2.7]): USER ann (Login failed): Incorrect password.
/// 2026-11-26 10:00:00,123 ftp-1 proftpd[1234] ftp-1.example.org (host.example.org[192.0.2.7]): USER ann: Login successful.
/// ANONYMOUS FTP LOGIN FROM 192.0.2.7,  (anonymous)
/// (?@192.0.2.7) [WARNING] Authentication failed for user [ann]
/// Thu Nov 26 10:00:00 2026 [pid 1234] [ann] FAIL LOGIN: Client "::ffff:192.0.2.7"
/// </code>
/// The client's address stands before the name that it has sent, so that nothing in the name can be taken for it.
/// </remarks>
public static class FtpMessages
{
    /// <summary>The program <c>proftpd</c>.</summary>
    public static LogMessageFormat ProFtpd { get; } = new("proftpd", TryReadProFtpd, "proftpd");

    /// <summary>The program <c>pure-ftpd</c>.</summary>
    public static LogMessageFormat PureFtpd { get; } = new("pure-ftpd", TryReadPureFtpd, "pure-ftpd");

    /// <summary>The program <c>ftpd</c>, of BSD and of Kerberos.</summary>
    public static LogMessageFormat Ftpd { get; } = new("ftpd", TryReadFtpd, "ftpd");

    /// <summary>ProFTPD's own log.</summary>
    public static LogFormat ProFtpdLog { get; } = new("proftpd", TryReadProFtpdLine);

    /// <summary>The program <c>vsftpd</c>.</summary>
    public static LogMessageFormat VsftpdMessages { get; } = new("vsftpd", TryReadVsftpdMessage, "vsftpd");

    /// <summary>vsftpd's log.</summary>
    public static LogFormat Vsftpd { get; } = new("vsftpd", TryReadVsftpd);

    private static bool TryReadProFtpd(ReadOnlySpan<byte> message, LogRecord record)
    {
        var text = new LogCursor(message);
        ReadOnlySpan<byte> address = default;
        if (text.TryTakeUntil(" ("u8, out _) && !(text.TryTakeUntil("["u8, out _) && text.TryTakeUntil("])"u8, out address)))
            return false;
        if (address.IsEmpty || !(text.Skip(" - "u8) || text.Skip(": "u8)))
            return false;
        text = new LogCursor(text.Rest.TrimEnd(" ."u8));
        record.SetSource(address);
        if (text.Skip("Maximum login attempts ("u8))
            return SetFailure(record, default, "maximum login attempts exceeded"u8);
        if (text.Skip("SECURITY VIOLATION: "u8))
            return text.Rest.EndsWith("oot login attempted"u8) && SetFailure(record, "root"u8, "root login attempted"u8);
        if (!text.Skip("USER "u8) && !text.Skip("ANON "u8))
            return true;
        if (text.Drop(": Login successful"u8))
        {
            record.SetKind(EventKinds.HostLogin, succeeded: true);
            record.Set(EventFields.UserName, text.Rest);
            return true;
        }
        int end = text.Rest.LastIndexOf(" (Login failed)"u8);
        if (end < 0)
            end = text.Rest.LastIndexOf(": no such user"u8);
        if (end < 0)
            return true;
        ReadOnlySpan<byte> reason = text.Rest[end..];
        return SetFailure(record, text.Rest[..end], reason[(reason.IndexOf((byte)':') + 1)..].TrimStart((byte)' '));
    }

    /// <summary><c>YYYY-MM-DD hh:mm:ss,fff HOST proftpd[PID] TEXT</c>.</summary>
    private static bool TryReadProFtpdLine(ReadOnlySpan<byte> line, LogContext context, LogRecord record)
    {
        if (line.Length < 32 || line[10] != ' ' || line[19] != ',' || !LogTimes.TryDate(line, context.Zone, out long time, out int length))
            return false;
        var text = new LogCursor(line[length..]);
        if (!text.Skip(" "u8))
            return false;
        ReadOnlySpan<byte> host = text.TakeWord();
        if (!text.Skip("proftpd["u8))
            return false;
        record.Time = time;
        record.Set(EventFields.Host, host);
        record.Set(EventFields.Service, "proftpd");
        record.Set(EventFields.ProcessName, "proftpd");
        record.Set(EventFields.ProcessId, text.TakeDigits());
        if (text.Skip("] "u8))
            TryReadProFtpd(text.Rest, record);
        return true;
    }

    /// <summary><c>(NAME@ADDRESS) [LEVEL] TEXT</c>.</summary>
    private static bool TryReadPureFtpd(ReadOnlySpan<byte> message, LogRecord record)
    {
        var text = new LogCursor(message);
        if (!text.Skip("("u8) || !text.TryTakeUntil(") ["u8, out ReadOnlySpan<byte> who) || !text.TryTakeUntil("] "u8, out _))
            return false;
        int at = who.LastIndexOf((byte)'@');
        if (at < 0)
            return false;
        record.SetSource(who[(at + 1)..]);
        if (text.Skip("Authentication failed for user ["u8) && text.Drop("]"u8))
            return SetFailure(record, text.Rest, default);
        if (text.Drop(" is now logged in"u8))
        {
            record.SetKind(EventKinds.HostLogin, succeeded: true);
            record.Set(EventFields.UserName, text.Rest);
        }
        else if (text.Rest.StartsWith("Logout."u8) && !who[..at].SequenceEqual("?"u8))
        {
            record.Kind = EventKinds.HostLogout;
            record.Set(EventFields.UserName, who[..at]);
        }
        return true;
    }

    /// <summary><c>connection from ADDRESS (NAME) at …</c>, <c>ANONYMOUS FTP LOGIN FROM ADDRESS, NAME (PASSWORD)</c>.</summary>
    private static bool TryReadFtpd(ReadOnlySpan<byte> message, LogRecord record)
    {
        var text = new LogCursor(message);
        if (text.Skip("connection from "u8))
        {
            record.SetSource(text.TakeWord());
            return true;
        }
        bool isAnonymous = text.Skip("ANONYMOUS "u8);
        if (!text.Skip("FTP LOGIN FROM "u8) || !text.TryTakeUntil(","u8, out ReadOnlySpan<byte> source))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: true);
        if (isAnonymous)
            record.Set(EventFields.UserName, "anonymous");
        else
            record.Set(EventFields.UserName, text.Rest.Trim((byte)' '));
        record.SetSource(source);
        return true;
    }

    private static bool TryReadVsftpd(ReadOnlySpan<byte> line, LogContext context, LogRecord record)
    {
        if (line.Length < 32 || line[3] != ' ' || line[7] != ' ' || !char.IsAsciiLetterUpper((char)line[0]))
            return false;
        int process = line[..Math.Min(line.Length, 48)].IndexOf(" [pid "u8);
        if (process < 0 || SyslogTime.ReadBsd(line[4..process], context.Now, context.Zone, out long time, out _) != SyslogTimeState.Given)
            return false;
        var text = new LogCursor(line[(process + 6)..]);
        record.Time = time;
        record.Set(EventFields.Service, "vsftpd");
        record.Set(EventFields.ProcessName, "vsftpd");
        record.Set(EventFields.ProcessId, text.TakeDigits());
        if (!text.Skip("] "u8))
            return false;
        TryReadVsftpdMessage(text.Rest, record);
        return true;
    }

    /// <summary>
    /// <c>[NAME] OK LOGIN: Client "ADDRESS"[, anon password "WORD"]</c>. Names of those who fail, and the word, may hold all of that: where
    /// there is a failure it is one, and the last one counts; else the first.
    /// </summary>
    private static bool TryReadVsftpdMessage(ReadOnlySpan<byte> text, LogRecord record)
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

    private static bool SetFailure(LogRecord record, ReadOnlySpan<byte> user, ReadOnlySpan<byte> reason)
    {
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.UserName, user);
        record.Set(EventFields.Reason, reason);
        return true;
    }
}
