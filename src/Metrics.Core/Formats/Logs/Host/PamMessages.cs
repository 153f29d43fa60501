using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>
/// Modules of PAM, which write under the name of whichever program has called them. What a session is, its service tells: of
/// <c>sshd</c>, <c>login</c> or a display manager it is a login; of <c>su</c> and <c>sudo</c> other rights; of <c>cron</c> and
/// <c>systemd-user</c> neither, which stays a log line.
/// </summary>
/// <remarks>
/// <code>
/// pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root
/// pam_unix(sshd:session): session opened for user ann(uid=1000) by (uid=0)
/// pam_unix(passwd:chauthtok): password changed for ann
/// pam_faillock(sshd:auth): Consecutive login failures for user ann account temporarily locked
/// PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root
/// </code>
/// Before Linux-PAM 0.99 the module stood behind the program's name (<c>sshd(pam_unix)[2421]:</c>) or before the text (<c>(pam_unix) </c>).
/// One attempt may be told by several modules, and by the program itself: <c>event.dataset</c> is <c>pam</c> here.
/// https://github.com/linux-pam/linux-pam/blob/master/modules/pam_unix/support.c
/// </remarks>
public static class PamMessages
{
    /// <summary>All programs.</summary>
    public static LogMessageFormat Format { get; } = new("pam", TryRead);

    /// <summary>Texts of the module where it stands behind the program's name, <c>sshd(pam_unix)</c>, before Linux-PAM 0.99.</summary>
    internal static LogMessageFormat Old { get; } =
        new("pam", (message, record) => TryReadText(message, record.Bytes(EventFields.ProcessName), record));

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        if (message.Length < 12 || message[0] is not ((byte)'p' or (byte)'P' or (byte)'('))
            return false;
        ReadOnlySpan<byte> text = message;
        if (text.TryTake("(pam_unix) "u8) || text.TryTake("PAM "u8))
            return TryReadText(text, record.Bytes(EventFields.ProcessName), record);
        if (!text.TryTake("pam_"u8))
            return false;
        int end = text.IndexOfAny((byte)'(', (byte)':');
        if (end is < 1 or > 32 || text[..end].Contains((byte)' '))
            return false;
        ReadOnlySpan<byte> module = text[..end];
        if (text[end] == ':')
            return text.TryTakeUntil(": "u8, out _) && TryReadOf(module, text, record.Bytes(EventFields.ProcessName), record);
        if (!text.TryTakeUntil("("u8, out _) || !text.TryTakeUntil("): "u8, out ReadOnlySpan<byte> where))
            return false;
        // SERVICE:TYPE, or the type alone.
        int colon = where.LastIndexOf((byte)':');
        return TryReadOf(module, text, colon < 0 ? record.Bytes(EventFields.ProcessName) : where[..colon], record);
    }

    private static bool TryReadOf(ReadOnlySpan<byte> module, ReadOnlySpan<byte> text, ReadOnlySpan<byte> service, LogRecord record) =>
        PamRefusals.TryRead(module, text, service, record) || TryReadText(text, service, record);

    private static bool TryReadText(ReadOnlySpan<byte> text, ReadOnlySpan<byte> service, LogRecord record)
    {
        if (text.TryTake("session opened for user "u8))
            return ReadOpened(text, PamUses.Of(service), record);
        if (text.TryTake("session closed for user "u8))
            return ReadClosed(text, PamUses.Of(service), record);
        if (text.TryTake("authentication failure; "u8))
            return TryReadFailure(text, service, record);
        if (text.TryTake("authentication success; "u8))
            return TryReadWho(text, PamUses.Of(service), record);
        if (text.TryTake("password changed for "u8))
        {
            record.SetKind(EventKinds.HostAccount, succeeded: true);
            record.Set(EventFields.Action, "password changed");
            record.Set(EventFields.TargetUserName, text);
            return true;
        }
        var count = text;
        ReadOnlySpan<byte> digits = count.TakeDigits();
        if (digits.Length is 0 or > 9 || !count.TryTake(" more authentication failure"u8))
            return false;
        count.TryTake("s"u8);
        if (!count.TryTake("; "u8) || !TryReadFailure(count, service, record))
            return false;
        record.Set(EventFields.Count, digits);
        return true;
    }

    /// <summary><c>NAME[(uid=N)] by [NAME](uid=N)</c>.</summary>
    private static bool ReadOpened(ReadOnlySpan<byte> text, PamUse use, LogRecord record)
    {
        int by = text.LastIndexOf(" by "u8);
        ReadOnlySpan<byte> user = WithoutNumber(by < 0 ? text : text[..by]);
        record.Set(EventFields.Action, "session opened");
        if (use is PamUse.Rights or PamUse.RightsOfUser)
        {
            record.SetKind(EventKinds.HostSudo, succeeded: true);
            SetCaller(by < 0 ? default : text[(by + 4)..], record);
            record.Set(EventFields.EffectiveUserName, user);
            return true;
        }
        if (use == PamUse.Login)
            record.SetKind(EventKinds.HostLogin, succeeded: true);
        record.Set(EventFields.UserName, user);
        return true;
    }

    /// <summary><c>[NAME](uid=N)</c>; polkit names nobody, and jobs are 0's.</summary>
    private static void SetCaller(ReadOnlySpan<byte> caller, LogRecord record)
    {
        ReadOnlySpan<byte> name = WithoutNumber(caller);
        record.Set(EventFields.UserName, name);
        ReadOnlySpan<byte> number = caller[name.Length..];
        if (number.TryTake("(uid="u8))
            record.Set(EventFields.UserId, number.TakeDigits());
    }

    private static bool ReadClosed(ReadOnlySpan<byte> text, PamUse use, LogRecord record)
    {
        record.Set(EventFields.Action, "session closed");
        record.Set(use is PamUse.Rights or PamUse.RightsOfUser ? EventFields.EffectiveUserName : EventFields.UserName, WithoutNumber(text));
        if (use == PamUse.Login)
            record.Kind = EventKinds.HostLogout;
        return true;
    }

    private static bool TryReadFailure(ReadOnlySpan<byte> text, ReadOnlySpan<byte> service, LogRecord record)
    {
        PamUse use = PamUses.Of(service);
        if (!TryReadWho(text, use, record))
            return false;
        string kind = use switch
        {
            PamUse.Rights or PamUse.RightsOfUser => EventKinds.HostSudo,
            PamUse.Account => EventKinds.HostAccount,
            _ => EventKinds.HostLogin,
        };
        record.SetKind(kind, succeeded: false);
        record.Set(EventFields.Action, "authentication failure");
        return true;
    }

    /// <summary><c>logname=A uid=N euid=N tty=B ruser=C rhost=D[  user=E]</c>: whatever a client has sent as a name is C or E.</summary>
    private static bool TryReadWho(ReadOnlySpan<byte> text, PamUse use, LogRecord record)
    {
        if (!text.TryTakeUntil(" ruser="u8, out _))
            return false;
        ReadOnlySpan<byte> mark = " rhost="u8;
        ReadOnlySpan<byte> rest = text;
        // Where C is empty, as under sshd, D follows at once, and all that looks like it further on is part of E. Else the last one counts.
        int at = rest.StartsWith(mark) || rest.StartsWith("rhost="u8) ? 0 : rest.LastIndexOf(mark);
        if (at < 0)
            return false;
        ReadOnlySpan<byte> caller = rest[..at];
        ReadOnlySpan<byte> behind = rest[at..].TrimStart((byte)' ')["rhost="u8.Length..];
        ReadOnlySpan<byte> host = behind.TakeWord();
        behind = behind.TrimStart((byte)' ');
        ReadOnlySpan<byte> user = behind.TryTake("user="u8) ? behind.TrimEnd((byte)' ') : default;
        if (host.StartsWith("user="u8))
        {
            user = host[5..];
            host = default;
        }
        record.Set(EventFields.UserName, user.IsEmpty || (use == PamUse.RightsOfUser && !caller.IsEmpty) ? caller : user);
        if (use == PamUse.RightsOfUser)
            record.Set(EventFields.EffectiveUserName, user);
        record.SetSource(host);
        return true;
    }

    private static ReadOnlySpan<byte> WithoutNumber(ReadOnlySpan<byte> user)
    {
        int open = user.LastIndexOf("(uid="u8);
        return open < 0 ? user : user[..open];
    }
}
