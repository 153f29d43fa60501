using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>Accounts and groups of a machine: the tools of shadow, and <c>systemd-sysusers</c>.</summary>
/// <remarks>
/// <code>
/// new user: name=ann, UID=1000, GID=1000, home=/home/ann, shell=/bin/bash, from=/dev/pts/0
/// add 'ann' to group 'sudo'                   delete 'ann' from group 'sudo'
/// delete user 'ann'                           removed group 'ann' owned by 'ann'
/// lock user 'ann' password                    failed adding user 'ann', data deleted
/// user ann added by root to group sudo        changed password expiry for ann
/// </code>
/// Groups are told twice, for <c>/etc/gshadow</c> is a file of its own.
/// https://github.com/shadow-maint/shadow/tree/master/src
/// </remarks>
public static class AccountMessages
{
    /// <summary>The programs.</summary>
    public static LogMessageFormat Format { get; } = new("accounts", TryRead,
        "useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "gpasswd", "passwd", "chage", "chfn", "chsh", "chpasswd",
        "newusers", "adduser", "addgroup", "systemd-sysusers");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        var text = new LogCursor(message);
        if (text.Skip("failed "u8))
            return TryReadQuoted(message, text, "", succeeded: false, record);
        if (text.Skip("new user: name="u8))
            return SetUser(record, "new user", Name(text.Rest));
        if (text.Skip("new group: name="u8) || text.Skip("group added to /etc/group: name="u8)
            || text.Skip("group added to /etc/gshadow: name="u8))
            return SetGroup(record, "new group", Name(text.Rest));
        if (text.Skip("changed password expiry for "u8))
            return SetUser(record, "changed password expiry", text.Rest);
        if (text.Skip("password for "u8))
            return TryReadPassword(text, record);
        if (text.Skip("user "u8))
            return TryReadMember(text, record);
        if (text.Skip("group '"u8))
            return text.TryTakeUntil("' removed"u8, out ReadOnlySpan<byte> name) && SetGroup(record, "removed group", name);
        if (text.Skip("group changed in /etc/group (group "u8) || text.Skip("group changed in /etc/gshadow (group "u8))
            return SetGroup(record, "change", Name(text.Rest));
        if (text.Skip("Creating user '"u8))
            return text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> name) && SetUser(record, "new user", name);
        if (text.Skip("Creating group '"u8))
            return text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> name) && SetGroup(record, "new group", name);
        return IsVerb(message) && TryReadQuoted(message, text, ActionOf(message), succeeded: true, record);
    }

    private static bool IsVerb(ReadOnlySpan<byte> message) =>
        message.StartsWith("add '"u8) || message.StartsWith("delete "u8) || message.StartsWith("removed "u8)
        || message.StartsWith("change "u8) || message.StartsWith("changed "u8)
        || message.StartsWith("lock "u8) || message.StartsWith("unlock "u8);

    private static string ActionOf(ReadOnlySpan<byte> message) => message[0] switch
    {
        (byte)'a' => "add to group",
        (byte)'d' => message.StartsWith("delete user"u8) ? "delete user" : "delete from group",
        (byte)'r' => "removed group",
        (byte)'l' => "lock",
        (byte)'u' => "unlock",
        _ => "change",
    };

    /// <summary>Names stand in quotes; what is before tells what they are.</summary>
    private static bool TryReadQuoted(ReadOnlySpan<byte> message, LogCursor text, string action, bool succeeded, LogRecord record)
    {
        if (!text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> before) || !text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> name))
            return false;
        record.SetKind(EventKinds.HostAccount, succeeded);
        record.Set(EventFields.Action, action);
        if (!succeeded)
            record.Set(EventFields.Reason, message);
        if (before.EndsWith("group "u8))
        {
            record.Set(EventFields.GroupName, name);
            return true;
        }
        record.Set(EventFields.TargetUserName, name);
        if (text.TryTakeUntil("group '"u8, out _) && text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> group))
            record.Set(EventFields.GroupName, group);
        return true;
    }

    /// <summary><c>'NAME' changed by 'NAME'</c>.</summary>
    private static bool TryReadPassword(LogCursor text, LogRecord record)
    {
        if (!text.Skip("'"u8) || !text.TryTakeUntil("' changed by '"u8, out ReadOnlySpan<byte> user) || !text.Drop("'"u8))
            return false;
        record.Set(EventFields.UserName, text.Rest);
        return SetUser(record, "password changed", user);
    }

    /// <summary><c>NAME added by NAME to group NAME</c>, of gpasswd.</summary>
    private static bool TryReadMember(LogCursor text, LogRecord record)
    {
        ReadOnlySpan<byte> user = text.TakeWord();
        bool added = text.Skip("added by "u8);
        if (!added && !text.Skip("removed by "u8))
            return false;
        ReadOnlySpan<byte> by = text.TakeWord();
        if (!text.Skip("to group "u8) && !text.Skip("from group "u8))
            return false;
        record.Set(EventFields.UserName, by);
        record.Set(EventFields.GroupName, text.Rest);
        return SetUser(record, added ? "add to group" : "delete from group", user);
    }

    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOfAny((byte)',', (byte)'/');
        return end < 0 ? rest : rest[..end];
    }

    private static bool SetUser(LogRecord record, string action, ReadOnlySpan<byte> user)
    {
        record.SetKind(EventKinds.HostAccount, succeeded: true);
        record.Set(EventFields.Action, action);
        record.Set(EventFields.TargetUserName, user);
        return true;
    }

    private static bool SetGroup(LogRecord record, string action, ReadOnlySpan<byte> group)
    {
        record.SetKind(EventKinds.HostAccount, succeeded: true);
        record.Set(EventFields.Action, action);
        record.Set(EventFields.GroupName, group);
        return true;
    }
}
