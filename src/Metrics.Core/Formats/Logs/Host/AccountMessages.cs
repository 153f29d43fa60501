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
        ReadOnlySpan<byte> text = message;
        if (text.TryTake("failed "u8))
            return TryReadQuoted(message, text, "", succeeded: false, record);
        if (text.TryTake("new user: name="u8))
            return SetUser(record, "new user", Name(text));
        if (text.TryTake("new group: name="u8) || text.TryTake("group added to /etc/group: name="u8)
            || text.TryTake("group added to /etc/gshadow: name="u8))
            return SetGroup(record, "new group", Name(text));
        if (text.TryTake("changed password expiry for "u8))
            return SetUser(record, "changed password expiry", text);
        if (text.TryTake("password for "u8))
            return TryReadPassword(text, record);
        if (text.TryTake("user "u8))
            return TryReadMember(text, record);
        if (text.TryTake("group '"u8))
            return text.TryTakeUntil("' removed"u8, out ReadOnlySpan<byte> name) && SetGroup(record, "removed group", name);
        if (text.TryTake("group changed in /etc/group (group "u8) || text.TryTake("group changed in /etc/gshadow (group "u8))
            return SetGroup(record, "change", Name(text));
        if (text.TryTake("Creating user '"u8))
            return text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> name) && SetUser(record, "new user", name);
        if (text.TryTake("Creating group '"u8))
            return text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> name) && SetGroup(record, "new group", name);
        string action = ActionOf(message);
        return action.Length > 0 && TryReadQuoted(message, text, action, succeeded: true, record);
    }

    private static string ActionOf(ReadOnlySpan<byte> message) =>
        message.StartsWith("add '"u8) ? "add to group"
        : message.StartsWith("delete user"u8) ? "delete user"
        : message.StartsWith("delete "u8) ? "delete from group"
        : message.StartsWith("removed "u8) ? "removed group"
        : message.StartsWith("change "u8) || message.StartsWith("changed "u8) ? "change"
        : message.StartsWith("lock "u8) ? "lock"
        : message.StartsWith("unlock "u8) ? "unlock" : "";

    /// <summary>Names stand in quotes; what is before tells what they are.</summary>
    private static bool TryReadQuoted(ReadOnlySpan<byte> message, ReadOnlySpan<byte> text, string action, bool succeeded, LogRecord record)
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
    private static bool TryReadPassword(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTake("'"u8) || !text.TryTakeUntil("' changed by '"u8, out ReadOnlySpan<byte> user) || !text.TryTakeEnd("'"u8))
            return false;
        record.Set(EventFields.UserName, text);
        return SetUser(record, "password changed", user);
    }

    /// <summary><c>NAME added by NAME to group NAME</c>, of gpasswd.</summary>
    private static bool TryReadMember(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> user = text.TakeWord();
        bool added = text.TryTake("added by "u8);
        if (!added && !text.TryTake("removed by "u8))
            return false;
        ReadOnlySpan<byte> by = text.TakeWord();
        if (!text.TryTake("to group "u8) && !text.TryTake("from group "u8))
            return false;
        record.Set(EventFields.UserName, by);
        record.Set(EventFields.GroupName, text);
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
