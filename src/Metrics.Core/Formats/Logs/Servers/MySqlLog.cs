using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>The error log of MySQL and MariaDB, and who connects, of their general log.</summary>
/// <remarks>
/// <code>
/// 2026-11-26T10:00:00.411498Z 25 [Note] [MY-010926] [Server] Access denied for user 'ann'@'192.0.2.7' (using password: NO)
/// 2026-11-26 10:00:00 25 [Warning] Access denied for user 'ann'@'192.0.2.7' (using password: YES)
/// 261126 10:00:00 [Warning] Access denied for user 'ann'@'192.0.2.7' (using password: YES)          before 2014
/// 2026-11-26T10:00:00.116872Z	   14 Connect	Access denied for user 'ann'@'192.0.2.7' (using password: YES)
/// </code>
/// https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html
/// </remarks>
public static class MySqlLog
{
    /// <summary>The format <c>mysql</c>.</summary>
    public static LogFormat Format { get; } = new("mysql", TryRead, Continues);

    /// <summary>The same lines behind the header of syslog or of a journal.</summary>
    public static LogMessageFormat Message { get; } = new("mysql", TryReadMessage, "mysqld", "mariadbd");

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (!TryTime(text, context.Zone, out long time, out int length) || !TryReadBehindTime(text[length..], record))
            return false;
        record.Time = time;
        record.Set(EventFields.Service, "mysql");
        return true;
    }

    /// <summary><c>Version: '10.11.19-MariaDB'  socket: …</c> behind <c>ready for connections.</c>, and what a crash leaves.</summary>
    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) => line.IsEmpty || !char.IsAsciiDigit((char)line[0]);

    private static bool TryReadMessage(ReadOnlySpan<byte> message, LogRecord record) =>
        TryReadBehindTime(TryTime(message, TimeZoneInfo.Utc, out _, out int length) ? message[length..] : message, record);

    private static bool TryTime(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time, out int length) =>
        LogTimes.TryDate(text, zone, out time, out length) || LogTimes.TryShortDate(text, zone, out time, out length);

    /// <summary><c>[THREAD] [Level] [CODE] [Subsystem] text</c>, <c>THREAD Connect text</c></summary>
    private static bool TryReadBehindTime(ReadOnlySpan<byte> rest, LogRecord record)
    {
        rest = LogText.TrimBlanks(rest);
        bool hasThread = !rest.StartsWith("["u8);
        if (hasThread && !LogText.IsNumber(LogText.TakeWord(ref rest)))
            return false;
        if (LogText.TryTake(ref rest, "["u8))
        {
            if (!LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> level, 8))
                return false;
            if (!LogLevels.TrySet(record, level) && !level.SequenceEqual("System"u8))
                return false;
            rest = LogText.TrimBlanks(rest);
            while (rest.StartsWith("[MY-"u8) || rest.StartsWith("[Server]"u8) || rest.StartsWith("[InnoDB]"u8))
            {
                int end = rest.IndexOf((byte)']');
                if (end < 0)
                    break;
                if (rest[1] == 'M')
                    record.Set(EventFields.EventId, rest[1..end]);
                rest = LogText.TrimBlanks(rest[(end + 1)..]);
            }
        }
        else if (hasThread && LogText.TryTake(ref rest, "Connect"u8))
        {
            rest = LogText.TrimBlanks(rest);
        }
        else
        {
            return false;
        }
        record.MessageLength = rest.Length;
        ReadText(rest, record);
        return true;
    }

    private static void ReadText(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (LogText.TryTake(ref text, "Access denied for user '"u8))
        {
            // Name and database are the client's choice: of what is before the database, what stands last is the server's.
            int database = text.IndexOf("' to database '"u8);
            if (database >= 0)
                text = text[..(database + 1)];
            int host = text.LastIndexOf("'@'"u8);
            int end = host < 0 ? -1 : text[(host + 3)..].IndexOf((byte)'\'');
            record.Set(EventFields.Outcome, "failure");
            record.Set(EventFields.Reason, "Access denied");
            if (end < 0)
                return;
            record.Set(EventFields.UserName, text[..host]);
            LogText.SetSource(record, text.Slice(host + 3, end));
        }
        else if (text.IndexOf("ready for connections"u8) is >= 0 and < 64)
            record.SetStart();
        else if (text.IndexOf(": Shutdown complete"u8) is >= 0 and < 64)
            record.SetStop();
    }
}
