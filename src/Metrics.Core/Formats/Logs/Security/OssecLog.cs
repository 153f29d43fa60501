using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>What the daemons of OSSEC and Wazuh write about themselves (ossec.log), and their list of active responses.</summary>
/// <remarks>
/// <code>
/// 2026/11/26 10:00:00 ossec-logcollector(1950): INFO: Analyzing file: '/var/log/auth.log'.
/// 2026/11/26 10:00:00 wazuh-modulesd:syscollector: WARNING: …
/// Thu Nov 26 10:00:00 CET 2026 /var/ossec/active-response/bin/host-deny.sh add - 192.0.2.7 1795687200.1234 5712
/// </code>
/// </remarks>
public static class OssecLog
{
    private const int TimeLength = 20;
    private const int MaxName = 64;

    /// <summary>The format <c>ossec-log</c>.</summary>
    public static LogFormat Format { get; } = new("ossec-log", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 30)
            return false;
        return text[4] == '/' ? TryReadLine(text, context, record) : text[3] == ' ' && TryReadResponse(text, context, record);
    }

    private static bool TryReadLine(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (!LogTimes.TrySlashed(text, context.Zone, out long time) || text[TimeLength - 1] != ' ')
            return false;
        ReadOnlySpan<byte> rest = text[TimeLength..];
        if (!rest.StartsWith("ossec-"u8) && !rest.StartsWith("wazuh-"u8))
            return false;
        int end = rest[..Math.Min(rest.Length, MaxName)].IndexOf(": "u8);
        if (end < 0)
            return false;
        ReadOnlySpan<byte> program = rest[..end];
        rest = rest[(end + 2)..];
        if (!LogText.TryTakeUntil(ref rest, (byte)':', out ReadOnlySpan<byte> level, 16) || !LogLevels.TrySet(record, level))
            return false;
        record.Time = time;
        int mark = program.IndexOfAny((byte)'(', (byte)':', (byte)'[');
        ReadOnlySpan<byte> name = mark < 0 ? program : program[..mark];
        record.Set(EventFields.Service, name);
        record.Set(EventFields.ProcessName, name);
        if (mark >= 0 && program[mark] == ':')
            record.Set(EventFields.Logger, program[(mark + 1)..]);
        ReadEnd(rest.TrimStart((byte)' '), record);
        return true;
    }

    /// <summary><c>Ending syscheck scan.</c>, <c>(6009): File integrity monitoring scan ended.</c>, <c>Ending rootcheck scan.</c></summary>
    private static void ReadEnd(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.StartsWith("("u8) && text.IndexOf("): "u8) is > 0 and var at)
            text = text[(at + 3)..];
        if (text.StartsWith("Ending syscheck scan"u8) || text.StartsWith("File integrity monitoring scan ended"u8))
            ScanEnd.Set(record, "syscheck");
        else if (text.StartsWith("Ending rootcheck scan"u8))
            ScanEnd.Set(record, "rootcheck");
    }

    private static bool TryReadResponse(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (!TryDate(text, context.Zone, out long time))
            return false;
        int at = text[..Math.Min(text.Length, 128)].IndexOf("/active-response/bin/"u8);
        if (at < 0)
            return false;
        record.Time = time;
        ReadOnlySpan<byte> rest = text[(at + "/active-response/bin/".Length)..];
        record.Set(EventFields.ProcessName, LogText.TakeWord(ref rest));
        record.Set(EventFields.Action, LogText.TakeWord(ref rest));
        ReadOnlySpan<byte> user = LogText.TakeWord(ref rest);
        if (!user.SequenceEqual("-"u8))
            record.Set(EventFields.UserName, user);
        ReadOnlySpan<byte> source = LogText.TakeWord(ref rest);
        if (LogText.IsAddress(source))
            record.Set(EventFields.SourceIp, source);
        record.Set(EventFields.EventId, LogText.TakeWord(ref rest));
        ReadOnlySpan<byte> rule = LogText.TakeWord(ref rest);
        if (LogText.IsNumber(rule))
            record.Set(EventFields.RuleId, rule);
        return true;
    }

    /// <summary><c>date</c>'s own form, with a zone by a name that may stand for several: it is the clock of the machine.</summary>
    private static bool TryDate(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time)
    {
        time = 0;
        int month = SyslogTime.MonthOf(text[4..]);
        ReadOnlySpan<byte> day = text[8..10].TrimStart((byte)' ');
        ReadOnlySpan<byte> rest = text[20..];
        LogText.TakeWord(ref rest);
        return month > 0 && text[7] == ' ' && text[10] == ' ' && text[19] == ' ' && SyslogTime.TryNumber(day, out int date)
            && SyslogTime.TryClock(text[11..], out int seconds, out _, out _)
            && LogText.TakeWord(ref rest) is { Length: 4 } years && SyslogTime.TryNumber(years, out int year)
            && SyslogTime.TryCombine(year, month, date, seconds, null, zone, out time);
    }
}
