using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>
/// The system's systemd: services that start, stop and fail. <c>service.name</c> becomes the unit's, without <c>.service</c>.
/// </summary>
/// <remarks>
/// <code>
/// Started nova-compute.service - OpenStack Compute.       from version 250 on
/// Started OpenStack Compute.                              before: the description stands for the name
/// nova-compute.service: Main process exited, code=killed, status=9/KILL
/// nova-compute.service: Failed with result 'signal'.
/// Unit nova-compute.service entered failed state.         version 219 (CentOS 7)
/// Process 1234 (nova-api) of user 64060 dumped core.      systemd-coredump
/// </code>
/// <c>Starting</c>, <c>Stopping</c> and <c>Finished</c> (the end of a job) are no starts nor stops. The managers of users, whose process is
/// not number 1, tell nothing of the machine. Where only a description is told, sessions, timers and containers are known by their usual
/// words; jobs of versions before 246, which say <c>Started</c> too, are not.
/// https://github.com/systemd/systemd/blob/main/src/core/job.c · unit.c
/// </remarks>
public static class SystemdMessages
{
    private const int MaxNameLength = 256;
    private const int MaxSignLength = 16;

    /// <summary>The program <c>systemd</c>.</summary>
    public static LogMessageFormat Format { get; } = new("systemd", TryRead, "systemd");

    /// <summary>The program <c>systemd-coredump</c>.</summary>
    public static LogMessageFormat Coredump { get; } = new("coredump", TryReadCoredump, "systemd-coredump");

    private static ReadOnlySpan<byte> ServiceSuffix => ".service"u8;

    internal static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> process = record.Bytes(EventFields.ProcessId);
        if (message.IsEmpty || (!process.IsEmpty && !process.SequenceEqual("1"u8)))
            return false;
        ReadOnlySpan<byte> text = message;
        if (text.TryTake("Started "u8))
            return TryReadJob(text, EventKinds.ServiceStart, "started", record);
        if (text.TryTake("Stopped "u8))
            return TryReadJob(text, EventKinds.ServiceStop, "stopped", record);
        if (text.TryTake("Failed to start "u8))
            return TryReadFailure(text, "failed", record);
        if (text.TryTake("Dependency failed for "u8))
            return TryReadFailure(text, "dependency failed", record);
        if (text.TryTake("Unit "u8))
            return TryReadOldFailure(text, record);
        if (message.SequenceEqual("Shutting down."u8))
        {
            record.Kind = EventKinds.HostReboot;
            record.Set(EventFields.Action, "shutdown");
            return true;
        }
        return TryReadUnit(text, record);
    }

    /// <summary><c>[SIGN ]Process N (NAME) of user N dumped core.</c> and a stack.</summary>
    private static bool TryReadCoredump(ReadOnlySpan<byte> message, LogRecord record)
    {
        int line = message.IndexOf((byte)'\n');
        ReadOnlySpan<byte> text = line < 0 ? message : message[..line];
        if (!text.TryTakeUntil("Process "u8, out ReadOnlySpan<byte> sign) || sign.Length > MaxSignLength)
            return false;
        ReadOnlySpan<byte> process = text.TakeDigits();
        int end = text.LastIndexOf(") of user "u8);
        if (!text.TryTake(" ("u8) || end < 2 || !text.EndsWith(" dumped core."u8))
            return false;
        ReadOnlySpan<byte> name = text[..(end - 2)];
        SetCrash(record, "dumped core", default);
        record.Set(EventFields.Service, name);
        record.Set(EventFields.ProcessName, name);
        record.Set(EventFields.ProcessId, process);
        return true;
    }

    private static bool TryReadJob(ReadOnlySpan<byte> text, string kind, string action, LogRecord record)
    {
        if (!TryTakeName(text, out ReadOnlySpan<byte> name, out bool isDescription) || (isDescription && IsNoService(name)))
            return false;
        record.SetKind(kind, succeeded: true);
        record.Set(EventFields.Action, action);
        record.Set(EventFields.Service, name);
        return true;
    }

    private static bool TryReadFailure(ReadOnlySpan<byte> text, string action, LogRecord record)
    {
        if (!TryTakeName(text, out ReadOnlySpan<byte> name, out bool isDescription) || (isDescription && IsSession(name)))
            return false;
        // Of what a description depends nothing tells its type: most often it is a mount or a target.
        if (isDescription && action != "failed")
            return false;
        record.SetKind(EventKinds.ServiceStart, succeeded: false);
        record.Set(EventFields.Action, action);
        record.Set(EventFields.Service, name);
        return true;
    }

    private static bool TryReadOldFailure(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(".service entered failed state"u8, out ReadOnlySpan<byte> name) || name.Contains((byte)' '))
            return false;
        SetCrash(record, "failed", default);
        record.Set(EventFields.Service, name);
        return true;
    }

    /// <summary><c>NAME.service: TEXT</c>.</summary>
    private static bool TryReadUnit(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(".service: "u8, out ReadOnlySpan<byte> name) || name.Contains((byte)' '))
            return false;
        record.Set(EventFields.Service, name);
        if (text.TryTake("Failed with result '"u8))
            SetCrash(record, "failed", text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> result) ? result : default);
        else if (text.TryTake("Main process exited, code="u8) || text.TryTake("main process exited, code="u8))
            ReadExit(text, record);
        return true;
    }

    /// <summary>
    /// <c>exited, status=1/FAILURE</c> or <c>killed, status=9/KILL</c>. Of an exit, the result that follows tells whether it is a failure.
    /// </summary>
    private static void ReadExit(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(", status="u8, out ReadOnlySpan<byte> how))
            return;
        ReadOnlySpan<byte> number = text.TakeDigits();
        text.TryTake("/"u8);
        if (how.SequenceEqual("exited"u8))
            record.Set(EventFields.ExitCode, number);
        // Asked to end, it ended.
        else if (!text.StartsWith("TERM"u8))
            SetCrash(record, "killed", text);
        record.Set(EventFields.Reason, text);
    }

    private static void SetCrash(LogRecord record, string action, ReadOnlySpan<byte> reason)
    {
        record.Kind = EventKinds.ServiceCrash;
        record.Set(EventFields.Action, action);
        record.Set(EventFields.Reason, reason);
    }

    /// <summary><c>NAME.service - DESCRIPTION.</c>, <c>NAME.service.</c> or <c>DESCRIPTION.</c>; not units of other types.</summary>
    private static bool TryTakeName(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> name, out bool isDescription)
    {
        int dash = text.IndexOf(" - "u8);
        ReadOnlySpan<byte> unit = dash < 0 ? text.TrimEnd((byte)'.') : text[..dash];
        isDescription = unit.Contains((byte)' ') || !unit.Contains((byte)'.');
        name = unit;
        if (isDescription)
            name = text.TrimEnd((byte)'.');
        else if (unit.EndsWith(ServiceSuffix))
            name = unit[..^ServiceSuffix.Length];
        else
            return false;
        return name.Length is > 0 and <= MaxNameLength && !name.StartsWith("user@"u8);
    }

    private static bool IsSession(ReadOnlySpan<byte> description) =>
        description.StartsWith("Session "u8) || description.StartsWith("User "u8) || description.StartsWith("target "u8);

    /// <summary>Whether a description is usual for a session, a timer or what it runs, a container or a path that is watched.</summary>
    private static bool IsNoService(ReadOnlySpan<byte> description) =>
        IsSession(description)
        || description.StartsWith("Daily "u8) || description.StartsWith("Periodic "u8) || description.StartsWith("Run anacron "u8)
        || description.StartsWith("Virtual Machine "u8) || description.StartsWith("Container "u8) || description[0] == '/'
        || description.IndexOf(" container "u8) >= 0 || description.IndexOf("imer"u8) >= 0
        || description.IndexOf(" daily"u8) >= 0 || description.IndexOf(" every "u8) >= 0 || description.IndexOf(" once a "u8) >= 0
        || description.EndsWith(" regularly"u8) || description.EndsWith(" Watch"u8) || description.SequenceEqual("Message of the Day"u8);
}
