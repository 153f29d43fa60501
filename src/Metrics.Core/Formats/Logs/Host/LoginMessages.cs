using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>login of util-linux and of shadow, on terminals and serial lines; xrdp, the old klogind and gdm.</summary>
/// <remarks>
/// <code>
/// LOGIN ON tty1 BY ann                        LOGIN ON pts/0 BY ann FROM 192.0.2.7
/// ROOT LOGIN ON tty1                          ROOT LOGIN  on '/dev/tty1'
/// FAILED LOGIN 1 FROM 192.0.2.7 FOR ann, Authentication failure
/// FAILED LOGIN (1) on '/dev/tty1' FOR 'ann', Authentication failure
/// Authentication failed from 192.0.2.7 (host.example.org): …      klogind, Kerberos' rlogin
/// [INFO ] AUTHFAIL: user=ann ip=::ffff:192.0.2.7 time=1795680000  xrdp-sesman
/// </code>
/// https://github.com/util-linux/util-linux/blob/master/login-utils/login.c
/// </remarks>
public static class LoginMessages
{
    /// <summary>The program <c>login</c>.</summary>
    public static LogMessageFormat Format { get; } = new("login", TryRead, "login", "klogind", "gdm-binary", "xrdp-sesman");

    /// <summary>The same under the title of its process, <c>login -- root</c>, of which a header has made the name.</summary>
    public static LogMessageFormat Titled { get; } = new("login", TryReadTitled);

    private static bool TryReadTitled(ReadOnlySpan<byte> message, LogRecord record)
    {
        if (message.Length < 4 || message[0] is not ((byte)' ' or (byte)'-'))
            return false;
        ReadOnlySpan<byte> text = message.TrimStart((byte)' ');
        return text.TryTake("-- "u8) && text.TryTakeUntil("]: "u8, out _) && TryRead(text, record);
    }

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> text = message;
        if (text.TryTake("ROOT LOGIN "u8))
            return ReadRoot(text, record);
        if (text.TryTake("LOGIN ON "u8))
            return TryReadLogin(text, record);
        if (text.TryTake("Authentication failed from "u8))
            return ReadKerberos(text, record);
        if (text.TryTake("[INFO ] AUTHFAIL: user="u8))
            return TryReadDesktop(text, record);
        if (message.StartsWith("Kerberos authentication failed"u8) || message.StartsWith("Couldn't authenticate user"u8))
        {
            record.SetKind(EventKinds.HostLogin, succeeded: false);
            return true;
        }
        return (text.TryTake("FAILED LOGIN "u8) || text.TryTake("TOO MANY LOGIN TRIES "u8)) && TryReadFailure(text, record);
    }

    private static bool ReadRoot(ReadOnlySpan<byte> text, LogRecord record)
    {
        record.SetKind(EventKinds.HostLogin, succeeded: true);
        record.Set(EventFields.UserName, "root");
        if (text.TryTake("ON "u8) || text.TryTake(" on '/dev/"u8))
            record.Set(EventFields.Terminal, LogText.FirstWord(text).TrimEnd((byte)'\''));
        int from = text.LastIndexOf(" FROM "u8);
        if (from >= 0)
            record.SetSource(text[(from + 6)..].Trim((byte)'\''));
        return true;
    }

    private static bool TryReadLogin(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(" BY "u8, out ReadOnlySpan<byte> terminal))
            return false;
        record.Set(EventFields.Terminal, terminal);
        record.SetKind(EventKinds.HostLogin, succeeded: true);
        int from = text.LastIndexOf(" FROM "u8);
        record.Set(EventFields.UserName, from < 0 ? text : text[..from]);
        if (from >= 0)
            record.SetSource(text[(from + 6)..]);
        return true;
    }

    /// <summary><c>NAME ip=ADDRESS time=N</c>: the name may hold all of that.</summary>
    private static bool TryReadDesktop(ReadOnlySpan<byte> text, LogRecord record)
    {
        int ip = text.LastIndexOf(" ip="u8);
        if (ip < 0)
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.UserName, text[..ip]);
        record.SetSource(LogText.FirstWord(text[(ip + 4)..]));
        return true;
    }

    private static bool ReadKerberos(ReadOnlySpan<byte> text, LogRecord record)
    {
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.SetSource(text.TakeWord());
        if (text.TryTakeUntil("): "u8, out _))
            record.Set(EventFields.Reason, text);
        return true;
    }

    /// <summary><c>N FROM SOURCE FOR NAME, REASON</c>: the name may hold all of that; the reason is the program's own.</summary>
    private static bool TryReadFailure(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(" FOR "u8, out ReadOnlySpan<byte> before))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        int comma = text.LastIndexOf(", "u8);
        ReadOnlySpan<byte> user = (comma < 0 ? text : text[..comma]).Trim((byte)'\'');
        // login does not write a name that it does not know, for it is often a password.
        if (!user.SequenceEqual("UNKNOWN"u8))
            record.Set(EventFields.UserName, user);
        int from = before.IndexOf("FROM "u8);
        ReadOnlySpan<byte> source = from < 0 ? default : before[(from + 5)..].Trim((byte)'\'');
        // A terminal stands there too, where nobody came from elsewhere.
        if (source.StartsWith("tty"u8) || source.StartsWith("pts/"u8))
            record.Set(EventFields.Terminal, source);
        else if (!source.SequenceEqual("(null)"u8))
            record.SetSource(source);
        if (comma >= 0)
            record.Set(EventFields.Reason, text[(comma + 2)..]);
        return true;
    }
}
