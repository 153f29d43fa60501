using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>fail2ban: what it has found and banned, from its own log or by syslog. <c>rule.name</c> is the jail.</summary>
/// <remarks>
/// <code>
/// 2026-11-26 10:00:00,123 fail2ban.filter         [812]: INFO    [sshd] Found 192.0.2.7 - 2026-11-26 10:00:00
/// 2026-11-26 10:00:00,123 fail2ban.actions        [812]: NOTICE  [sshd] Ban 192.0.2.7
/// 2026-11-26 10:10:00,123 fail2ban.actions        [812]: NOTICE  [sshd] Unban 192.0.2.7
/// </code>
/// https://github.com/fail2ban/fail2ban/blob/master/fail2ban/server/actions.py · filter.py
/// </remarks>
public static class Fail2banLog
{
    /// <summary>The format <c>fail2ban</c>.</summary>
    public static LogFormat Format { get; } = new("fail2ban", TryReadLine);

    /// <summary>The same by syslog.</summary>
    public static LogMessageFormat Messages { get; } = new("fail2ban", TryReadMessage,
        "fail2ban", "fail2ban-server", "fail2ban.actions", "fail2ban.filter", "fail2ban.server");

    private static bool TryReadLine(ReadOnlySpan<byte> line, LogContext context, LogRecord record)
    {
        if (line.Length < 34 || line[10] != ' ' || !line[19..].Contains((byte)' ')
            || !LogTimes.TryDate(line, context.Zone, out long time, out int length))
            return false;
        ReadOnlySpan<byte> text = line[length..];
        if (!text.TryTake(" fail2ban."u8))
            return false;
        record.Time = time;
        record.Set(EventFields.Service, "fail2ban");
        ReadBehindName(text, record);
        return true;
    }

    private static bool TryReadMessage(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> text = message;
        if (text.TryTake("fail2ban."u8))
            ReadBehindName(text, record);
        else
            ReadText(text, record);
        record.Set(EventFields.Service, "fail2ban");
        return record.Has(EventFields.RuleName) || record.Has(EventFields.Logger);
    }

    /// <summary><c>MODULE [PID]: LEVEL TEXT</c>; the number is missing before version 0.9.</summary>
    private static void ReadBehindName(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(": "u8, out ReadOnlySpan<byte> module))
            return;
        int end = module.IndexOfAny((byte)' ', (byte)'[');
        record.Set(EventFields.Logger, end < 0 ? module : module[..end]);
        int open = module.IndexOf((byte)'[');
        if (open >= 0)
            record.Set(EventFields.ProcessId, module[(open + 1)..].TrimEnd((byte)']'));
        ReadText(text, record);
    }

    private static void ReadText(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> behind = text;
        if (LogLevels.TrySet(record, behind.TakeWord()))
            text = behind;
        text = text.TrimStart((byte)' ');
        if (!text.TryTake("["u8) || !text.TryTakeUntil("] "u8, out ReadOnlySpan<byte> jail) || jail.IsEmpty)
            return;
        record.Set(EventFields.RuleName, jail);
        bool isFound = text.TryTake("Found "u8);
        bool isBan = !isFound && text.TryTake("Ban "u8);
        string? action = isFound ? "found"
            : isBan ? "ban"
            : text.TryTake("Unban "u8) ? "unban"
            : text.TryTake("Restore Ban "u8) ? "restore" : null;
        ReadOnlySpan<byte> address = text.TakeWord();
        if (action is null || address.IsEmpty)
            return;
        record.Set(EventFields.Action, action);
        record.SetSource(address);
        if (!isFound && !isBan)
            return;
        record.Kind = EventKinds.IdsAlert;
        record.Set(EventFields.ObserverName, "fail2ban");
    }
}
