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
/// <param name="Programs">Names under which it appears in headers; none where the texts may stand under any name.</param>
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

        // Under any name.
        OsloLog.Message,
        VlogLog.Message,
        UwsgiLog.Message,
        AccessLog.Message,
    ];

    private static readonly FrozenDictionary<string, LogMessageFormat> s_byProgram =
        All.SelectMany(f => f.Programs, (f, program) => (f, program)).ToFrozenDictionary(p => p.program, p => p.f);

    private static readonly LogMessageFormat[] s_ofAny = [.. All.Where(f => f.Programs.Count == 0)];

    /// <summary>Reads the text of a program; what nobody understands stays a <see cref="EventKinds.Log"/>.</summary>
    /// <param name="program">Its name as in the header, such as <c>sshd</c>; a folder before it is passed over.</param>
    /// <param name="message">Its text.</param>
    /// <param name="record">Has what the header says.</param>
    public static bool TryRead(ReadOnlySpan<byte> program, ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> name = program[(program.LastIndexOf((byte)'/') + 1)..];
        if (s_byProgram.TryGetValue(TextPool.Shared.Get(name), out LogMessageFormat? format) && format.Parse(message, record))
            return Understood(format, record);
        foreach (LogMessageFormat any in s_ofAny)
        {
            if (any.Parse(message, record))
                return Understood(any, record);
        }
        return false;
    }

    private static bool Understood(LogMessageFormat format, LogRecord record)
    {
        record.Set(EventFields.Dataset, format.Dataset);
        return true;
    }
}
