using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>Servers for FTP: ProFTPD, Pure-FTPd and ftpd.</summary>
/// <remarks>
/// <code>
/// ftp-1 (host.example.org[192.0.2.7]) - USER ann: Login successful.
/// ftp-1 (host.example.org[192.0.2.7]): USER ann (Login failed): Incorrect password.
/// ANONYMOUS FTP LOGIN FROM 192.0.2.7,  (anonymous)
/// (?@192.0.2.7) [WARNING] Authentication failed for user [ann]
/// </code>
/// The client's address stands before the name that it has sent, so that nothing in the name can be taken for it.
/// </remarks>
public static class FtpMessages
{
    /// <summary>The program <c>proftpd</c>.</summary>
    public static LogMessageFormat ProFtpd { get; } = new("proftpd", TryReadProFtpd, "proftpd");

    /// <summary>The program <c>pure-ftpd</c>.</summary>
    public static LogMessageFormat PureFtpd { get; } = new("pure-ftpd", TryReadPureFtpd, "pure-ftpd");

    /// <summary>The program <c>ftpd</c>, of BSD, of Kerberos and of Washington University.</summary>
    public static LogMessageFormat Ftpd { get; } = new("ftpd", TryReadFtpd, "ftpd", "wu-ftpd");

    private static bool TryReadProFtpd(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> address = default;
        if (text.TryTakeUntil(" ("u8, out _) && !(text.TryTakeUntil("["u8, out _) && text.TryTakeUntil("])"u8, out address)))
            return false;
        if (address.IsEmpty || !(text.TryTake(" - "u8) || text.TryTake(": "u8)))
            return false;
        text = text.TrimEnd(" ."u8);
        record.SetSource(address);
        if (text.TryTake("Maximum login attempts ("u8))
            return SetFailure(record, default, "maximum login attempts exceeded"u8);
        if (text.TryTake("SECURITY VIOLATION: "u8))
            return text.EndsWith("oot login attempted"u8) && SetFailure(record, "root"u8, "root login attempted"u8);
        if (!text.TryTake("USER "u8) && !text.TryTake("ANON "u8))
            return true;
        if (text.TryTakeEnd(": Login successful"u8))
        {
            record.SetKind(EventKinds.HostLogin, succeeded: true);
            record.Set(EventFields.UserName, text);
            return true;
        }
        int end = text.LastIndexOf(" (Login failed)"u8);
        if (end < 0)
            end = text.LastIndexOf(": no such user"u8);
        if (end < 0)
            return true;
        ReadOnlySpan<byte> reason = text[end..];
        return SetFailure(record, text[..end], reason[(reason.IndexOf((byte)':') + 1)..].TrimStart((byte)' '));
    }

    /// <summary><c>(NAME@ADDRESS) [LEVEL] TEXT</c>.</summary>
    private static bool TryReadPureFtpd(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTake("("u8) || !text.TryTakeUntil(") ["u8, out ReadOnlySpan<byte> who) || !text.TryTakeUntil("] "u8, out _))
            return false;
        int at = who.LastIndexOf((byte)'@');
        if (at < 0)
            return false;
        record.SetSource(who[(at + 1)..]);
        if (text.TryTake("Authentication failed for user ["u8) && text.TryTakeEnd("]"u8))
            return SetFailure(record, text, default);
        if (text.TryTakeEnd(" is now logged in"u8))
        {
            record.SetKind(EventKinds.HostLogin, succeeded: true);
            record.Set(EventFields.UserName, text);
        }
        else if (text.StartsWith("Logout."u8) && !who[..at].SequenceEqual("?"u8))
        {
            record.Kind = EventKinds.HostLogout;
            record.Set(EventFields.UserName, who[..at]);
        }
        return true;
    }

    /// <summary><c>connection from ADDRESS (NAME) at …</c>, <c>ANONYMOUS FTP LOGIN FROM ADDRESS, NAME (PASSWORD)</c>.</summary>
    private static bool TryReadFtpd(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.TryTake("connection from "u8))
        {
            record.SetSource(text.TakeWord());
            return true;
        }
        if (text.TryTake("failed login from "u8))
        {
            return SshdConnections.TryReadInBrackets(text, " ["u8, "]"u8, "failed", record)
                && SetFailure(record, default, "failed login"u8);
        }
        bool isAnonymous = text.TryTake("ANONYMOUS "u8);
        if (!text.TryTake("FTP LOGIN FROM "u8) || !text.TryTakeUntil(","u8, out ReadOnlySpan<byte> source))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: true);
        if (isAnonymous)
            record.Set(EventFields.UserName, "anonymous");
        else
            record.Set(EventFields.UserName, text.Trim((byte)' '));
        record.SetSource(source);
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
