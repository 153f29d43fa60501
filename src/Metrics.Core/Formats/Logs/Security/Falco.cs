using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>Alerts of Falco, as text and as JSON.</summary>
/// <remarks>
/// <code>
/// 10:00:00.408091526: Warning Sensitive file opened for reading (user=root command=cat /etc/shadow file=/etc/shadow)
/// {"hostname":"web-1","output":"…","priority":"Warning","rule":"Read sensitive file untrusted","source":"syscall",
///  "tags":["T1555"],"time":"2026-11-26T10:00:00.408091526Z","output_fields":{"user.name":"root", …}}
/// </code>
/// https://falco.org/docs/concepts/outputs/
/// </remarks>
public static class Falco
{
    private const string Time = "time";

    private static readonly JsonTable s_fields = new(
        ("time", Time),
        ("hostname", EventFields.Host),
        ("priority", EventFields.Level),
        ("rule", EventFields.RuleName),
        ("tags", EventFields.RuleCategory),
        ("output_fields/proc.cmdline", EventFields.CommandLine),
        ("output_fields/proc.exepath", EventFields.Executable),
        ("output_fields/proc.name", EventFields.ProcessName),
        ("output_fields/proc.pid", EventFields.ProcessId),
        ("output_fields/user.name", EventFields.UserName),
        ("output_fields/user.uid", EventFields.UserId),
        ("output_fields/evt.type", EventFields.Action),
        ("output_fields/fd.name", EventFields.FilePath),
        ("output_fields/fd.cip", EventFields.SourceIp),
        ("output_fields/fd.cport", EventFields.SourcePort),
        ("output_fields/fd.sip", EventFields.DestinationIp),
        ("output_fields/fd.sport", EventFields.DestinationPort));

    /// <summary>The format <c>falco</c>.</summary>
    public static LogFormat Format { get; } = new("falco", (text, context, record) => TryRead(text, context.Zone, record));

    /// <summary>What it sends to syslog.</summary>
    public static LogMessageFormat Messages { get; } =
        new("falco", (message, record) => TryRead(message, TimeZoneInfo.Utc, record), "falco");

    private static bool TryRead(ReadOnlySpan<byte> text, TimeZoneInfo zone, LogRecord record) =>
        text.Length > 0 && (text[0] == '{' ? TryReadJson(text, zone, record) : TryReadText(text, zone, record));

    private static bool TryReadJson(ReadOnlySpan<byte> text, TimeZoneInfo zone, LogRecord record)
    {
        if (!JsonTable.MayHave(text, "\"priority\""u8) || !JsonTable.MayHave(text, "\"output\""u8)
            || !JsonTable.MayHave(text, "\"rule\""u8) || !s_fields.TryRead(text, record)
            || !TrySetPriority(record.Bytes(EventFields.Level), record))
        {
            return false;
        }
        if (SyslogTime.ReadInternet(record.Bytes(Time), zone, out long time, out _) == SyslogTimeState.Given)
            record.Time = time;
        record.Remove(Time);
        // The name of a socket is no path.
        if (record.Bytes(EventFields.FilePath) is not [(byte)'/', ..])
            record.Remove(EventFields.FilePath);
        SetAlert(record);
        return true;
    }

    private static bool TryReadText(ReadOnlySpan<byte> text, TimeZoneInfo zone, LogRecord record)
    {
        // Nanoseconds in full, which few others write.
        const int ClockLength = 18, IsoLength = 29;
        if (text.Length < ClockLength + 4)
            return false;
        int length = 0;
        long? time = null;
        if (text[2] == ':' && text[8] == '.' && SyslogTime.TryClock(text, out _, out _, out int clock) && clock == ClockLength)
            length = clock;
        else if (text.Length > IsoLength && text[19] == '.' && LogText.IsNumber(text[20..IsoLength])
            && SyslogTime.ReadInternet(text, zone, out long given, out int whole) == SyslogTimeState.Given)
            (time, length) = (given, whole);
        ReadOnlySpan<byte> rest = text[length..];
        if (length == 0 || !LogText.TryTake(ref rest, ": "u8) || !TrySetPriority(LogText.TakeWord(ref rest), record))
            return false;
        record.Time = time ?? record.Time;
        record.Set(EventFields.Reason, rest);
        SetAlert(record);
        return true;
    }

    private static void SetAlert(LogRecord record)
    {
        record.Kind = EventKinds.IdsAlert;
        record.Set(EventFields.ObserverName, "falco");
    }

    private static bool TrySetPriority(ReadOnlySpan<byte> word, LogRecord record)
    {
        byte number = LogLevels.NumberOf(word);
        if (number == 0)
            return false;
        record.SeverityNumber = number;
        record.Set(EventFields.Level, word);
        return true;
    }
}
