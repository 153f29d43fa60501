using System.Collections.Frozen;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>Reads the text that a program has written, without the header that syslog or a journal has put before it.</summary>
/// <param name="message">The text.</param>
/// <param name="record">
/// Has what the header says (time, host, <c>service.name</c>, process); gets what the text says, and nothing where it is not understood.
/// </param>
/// <returns>Whether the text was understood.</returns>
public delegate bool LogMessageParser(ReadOnlySpan<byte> message, LogRecord record);

/// <summary>What a program writes.</summary>
/// <param name="Dataset">Stands in <c>event.dataset</c> of what was understood, such as <c>sshd</c>.</param>
/// <param name="Parse">Reads a text.</param>
/// <param name="Programs">Names under which it appears in headers.</param>
public sealed record LogMessageFormat(string Dataset, LogMessageParser Parse, params IReadOnlyList<string> Programs);

/// <summary>Programs whose texts are understood, whichever way they came: from a file, by syslog or out of a journal.</summary>
public static class LogMessages
{
    /// <summary>The programs.</summary>
    public static IReadOnlyList<LogMessageFormat> All { get; } =
    [
        ApacheErrorLog.Message,
        HaProxyLog.Message,
        MySqlLog.Message,
        NginxErrorLog.Message,
        PacemakerLog.Message,
        SwiftLog.Message,
    ];

    /// <summary>What may be in the text of any program that is none of those, for it begins in a form of its own.</summary>
    private static readonly LogMessageFormat[] s_ofAnybody = [OsloLog.Message, VlogLog.Message, UwsgiLog.Message, AccessLog.Message];

    private static readonly FrozenDictionary<string, LogMessageFormat> s_byProgram =
        All.SelectMany(f => f.Programs, (f, program) => (f, program)).ToFrozenDictionary(p => p.program, p => p.f);

    /// <summary>Reads the text of a program; what nobody understands stays a <see cref="EventKinds.Log"/>.</summary>
    /// <param name="program">Its name as in the header, such as <c>sshd</c>; a folder before it is passed over.</param>
    /// <param name="message">Its text.</param>
    /// <param name="record">Has what the header says.</param>
    public static bool TryRead(ReadOnlySpan<byte> program, ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> name = program[(program.LastIndexOf((byte)'/') + 1)..];
        if (s_byProgram.TryGetValue(TextPool.Shared.Get(name), out LogMessageFormat? format))
            return TryRead(format, message, record);
        foreach (LogMessageFormat other in s_ofAnybody)
        {
            if (TryRead(other, message, record))
                return true;
        }
        return false;
    }

    private static bool TryRead(LogMessageFormat format, ReadOnlySpan<byte> message, LogRecord record)
    {
        if (!format.Parse(message, record))
            return false;
        record.Set(EventFields.Dataset, format.Dataset);
        return true;
    }
}
