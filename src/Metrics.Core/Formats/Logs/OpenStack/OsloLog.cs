using System.Buffers;
using System.Collections.Frozen;
using Metrics.Model;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>The log of OpenStack's services, as oslo.log writes it into files, to syslog, journals and Apache.</summary>
/// <remarks>
/// <code>
/// 2026-11-26 10:00:00.123 2931 INFO nova.compute.manager [req-3ea4… 113d… 54fa… - - -] [instance: b900…] VM Started (Lifecycle Event)
/// 2026-11-26 10:00:00.123 26 WARNING keystone.server.flask.application [None req-a0d9… - - - - - -] Authorization failed. …
/// 2026-11-26 10:00:00.123 26 ERROR nova.compute.manager Traceback (most recent call last):
/// INFO nova.compute.manager [None req-3ea4… demo admin] …          to journals, without time
/// </code>
/// https://docs.openstack.org/oslo.log/latest/configuration/ (logging_context_format_string, logging_user_identity_format)
/// </remarks>
public static class OsloLog
{
    private const int MaxLogger = 128;
    private const int MaxFileName = 128;
    private const byte Escape = 0x1B;

    private static readonly SearchValues<byte> s_loggerBytes =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"u8);

    /// <summary>First words of loggers that are names of services; others are libraries.</summary>
    private static readonly FrozenSet<string> s_services = FrozenSet.ToFrozenSet(
    [
        "aodh", "barbican", "blazar", "ceilometer", "cinder", "cloudkitty", "cyborg", "designate", "freezer", "glance", "gnocchi", "heat",
        "ironic", "ironic_inspector", "keystone", "magnum", "manila", "masakari", "mistral", "monasca", "murano", "neutron", "nova",
        "octavia", "panko", "placement", "sahara", "senlin", "swift", "tacker", "trove", "vitrage", "watcher", "zaqar", "zun",
    ]);

    /// <summary>The format <c>oslo</c>.</summary>
    public static LogFormat Format { get; } = new("oslo", TryRead, Continues);

    /// <summary>The same lines behind the header of syslog or of a journal, by whichever program.</summary>
    public static LogMessageFormat Message { get; } = new("oslo", TryReadBody);

    /// <summary>Reads a line without what may stand before it: <c>[time] [pid] LEVEL logger [context] text</c>.</summary>
    internal static bool TryReadBody(ReadOnlySpan<byte> text, LogRecord record) =>
        TryReadLine(text, TimeZoneInfo.Utc, keepTime: false, record);

    /// <summary>Sets the logger, and the service of which it is, where nothing better says it.</summary>
    internal static void SetLogger(ReadOnlySpan<byte> logger, LogRecord record)
    {
        record.Set(EventFields.Logger, logger);
        if (record.Has(EventFields.Service))
            return;
        int dot = logger.IndexOf((byte)'.');
        string service = TextPool.Shared.Get(dot < 0 ? logger : logger[..dot]);
        if (s_services.Contains(service))
            record.Set(EventFields.Service, service);
    }

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        ReadOnlySpan<byte> line = WithoutFileName(text, out ReadOnlySpan<byte> file);
        if (!MayBegin(line) || !TryReadLine(line, context.Zone, keepTime: true, record))
            return false;
        // nova-api.log.1 says more than its loggers do.
        if (!file.IsEmpty)
            record.Set(EventFields.Service, file);
        return true;
    }

    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line[0] is (byte)' ' or (byte)'\t')
            return true;
        // uWSGI and notifications share the output of the service.
        return !MayBegin(WithoutFileName(line, out _)) && !line.StartsWith("[pid: "u8) && !line.StartsWith("{\""u8);
    }

    private static bool TryReadLine(ReadOnlySpan<byte> text, TimeZoneInfo zone, bool keepTime, LogRecord record)
    {
        if (text.Length < 8 || !(char.IsAsciiLetterOrDigit((char)text[0]) || text[0] is Escape or (byte)'[' or (byte)'#'))
            return false;
        int end = text.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
        bool read = TryReadFirst(line, zone, keepTime, record);
        if (read)
            record.MessageLength += text.Length - line.Length;
        return read;
    }

    private static bool TryReadFirst(ReadOnlySpan<byte> line, TimeZoneInfo zone, bool keepTime, LogRecord record)
    {
        if (!HasColors(line))
            return TryReadPlain(line, zone, keepTime, record);
        byte[] plain = ArrayPool<byte>.Shared.Rent(line.Length);
        bool read = TryReadPlain(plain.AsSpan(0, RemoveColors(line, plain)), zone, keepTime, record);
        ArrayPool<byte>.Shared.Return(plain);
        return read;
    }

    private static bool TryReadPlain(ReadOnlySpan<byte> rest, TimeZoneInfo zone, bool keepTime, LogRecord record)
    {
        bool hasTime = TryTakeTime(ref rest, zone, out long time, out bool hasDot);
        // Apache or a journal's export may have put a stamp of its own before.
        if (hasTime && TryTakeTime(ref rest, zone, out long own, out bool ownDot))
            (time, hasDot) = (own, ownDot);
        ReadOnlySpan<byte> word = LogText.TakeWord(ref rest);
        ReadOnlySpan<byte> pid = default;
        if (hasTime && LogText.IsNumber(word))
        {
            pid = word;
            word = LogText.TakeWord(ref rest);
        }
        if (word.IsEmpty || !char.IsAsciiLetterUpper((char)word[0]) || LogLevels.NumberOf(word) == 0)
            return false;
        ReadOnlySpan<byte> level = word;
        ReadOnlySpan<byte> logger = LogText.TakeWord(ref rest);
        if (logger.IsEmpty || logger.Length > MaxLogger || logger.ContainsAnyExcept(s_loggerBytes))
            return false;
        // Others write a time and a level too: it is oslo.log by the dot of the milliseconds, the context or the dots of a module.
        if (!hasDot && !logger.Contains((byte)'.') && !rest.StartsWith("["u8))
            return false;
        if (keepTime && hasTime)
            record.Time = time;
        LogLevels.TrySet(record, level);
        SetLogger(logger, record);
        record.Set(EventFields.ProcessId, pid);
        OsloContext.TryTake(ref rest, record);
        record.MessageLength = rest.Length;
        OsloMessages.Read(logger, rest, record);
        return true;
    }

    private static bool TryTakeTime(scoped ref ReadOnlySpan<byte> rest, TimeZoneInfo zone, out long time, out bool hasDot)
    {
        hasDot = false;
        if (!LogTimes.TryDate(rest, zone, out time, out int length) || length >= rest.Length || rest[length] != ' ')
            return false;
        hasDot = length == 23 && rest[19] == '.';
        rest = rest[(length + 1)..];
        return true;
    }

    private static bool MayBegin(ReadOnlySpan<byte> line) =>
        line.Length > 20
        && (line[0] == Escape || (char.IsAsciiDigit((char)line[0]) && line[4] == '-' && line[10] is (byte)' ' or (byte)'T'));

    /// <summary>Takes <c>nova-api.log.1.2026-11-25_13:53:08 </c> off, which collections of logs put before each line.</summary>
    private static ReadOnlySpan<byte> WithoutFileName(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> service)
    {
        service = default;
        if (text.IsEmpty || !char.IsAsciiLetterLower((char)text[0]))
            return text;
        ReadOnlySpan<byte> rest = text;
        if (!LogText.TryTakeUntil(ref rest, (byte)' ', out ReadOnlySpan<byte> name, MaxFileName))
            return text;
        int end = name.IndexOf(".log"u8);
        if (end < 1 || !MayBegin(rest))
            return text;
        service = name[..end];
        return rest;
    }

    private static bool HasColors(ReadOnlySpan<byte> text) =>
        text.Contains(Escape) || text.StartsWith("[0"u8) || text.IndexOf("#033["u8) >= 0;

    /// <summary>Leaves out colors: <c>ESC[00;32m</c>, <c>#033[00;32m</c> as rsyslog writes them, and where the escape was lost.</summary>
    private static int RemoveColors(ReadOnlySpan<byte> text, Span<byte> to)
    {
        int length = 0;
        for (int at = 0; at < text.Length;)
        {
            int color = ColorLength(text[at..]);
            if (color == 0)
                to[length++] = text[at++];
            at += color;
        }
        return length;
    }

    private static int ColorLength(ReadOnlySpan<byte> text)
    {
        int at = text[0] == Escape ? 1 : text.StartsWith("#033"u8) ? 4 : 0;
        if (at >= text.Length || text[at] != '[' || (at == 0 && !text.StartsWith("[0"u8)))
            return 0;
        for (at++; at < text.Length && at < 16 && (char.IsAsciiDigit((char)text[at]) || text[at] == ';');)
            at++;
        return at < text.Length && text[at] == 'm' ? at + 1 : 0;
    }
}
