namespace Metrics.Formats.Logs;

/// <summary>A field of a journal's entry that is used.</summary>
/// <remarks>systemd.journal-fields(7)</remarks>
public enum JournalField
{
    /// <summary><c>MESSAGE</c>: the text.</summary>
    Message,

    /// <summary><c>PRIORITY</c>: severity, 0 to 7.</summary>
    Priority,

    /// <summary><c>SYSLOG_IDENTIFIER</c>: the program, as it calls itself.</summary>
    Identifier,

    /// <summary><c>SYSLOG_FACILITY</c>: 0 to 23.</summary>
    Facility,

    /// <summary><c>_COMM</c>: the program, as the kernel calls it.</summary>
    Command,

    /// <summary><c>_PID</c>: the process.</summary>
    ProcessId,

    /// <summary><c>_HOSTNAME</c>: the machine.</summary>
    Host,

    /// <summary><c>_SYSTEMD_UNIT</c>: the unit that the process belongs to.</summary>
    Unit,

    /// <summary><c>UNIT</c>: the unit that an entry of systemd's own is about.</summary>
    AboutUnit,

    /// <summary><c>_SOURCE_REALTIME_TIMESTAMP</c>: when it happened, microseconds since 1970 UTC.</summary>
    SourceTime,

    /// <summary><c>__REALTIME_TIMESTAMP</c>: when it came into the journal, microseconds since 1970 UTC.</summary>
    Time,

    /// <summary><c>__CURSOR</c>: where it stands in the journal.</summary>
    Cursor,
}

/// <summary>The names of fields in a journal.</summary>
internal static class JournalFields
{
    /// <summary>The field of a name; null where it is none that is used.</summary>
    public static JournalField? Find(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("MESSAGE"u8) => JournalField.Message,
        _ when name.SequenceEqual("PRIORITY"u8) => JournalField.Priority,
        _ when name.SequenceEqual("SYSLOG_IDENTIFIER"u8) => JournalField.Identifier,
        _ when name.SequenceEqual("SYSLOG_FACILITY"u8) => JournalField.Facility,
        _ when name.SequenceEqual("_COMM"u8) => JournalField.Command,
        _ when name.SequenceEqual("_PID"u8) => JournalField.ProcessId,
        _ when name.SequenceEqual("_HOSTNAME"u8) => JournalField.Host,
        _ when name.SequenceEqual("_SYSTEMD_UNIT"u8) => JournalField.Unit,
        _ when name.SequenceEqual("UNIT"u8) => JournalField.AboutUnit,
        _ when name.SequenceEqual("_SOURCE_REALTIME_TIMESTAMP"u8) => JournalField.SourceTime,
        _ when name.SequenceEqual("__REALTIME_TIMESTAMP"u8) => JournalField.Time,
        _ when name.SequenceEqual("__CURSOR"u8) => JournalField.Cursor,
        _ => null,
    };
}
