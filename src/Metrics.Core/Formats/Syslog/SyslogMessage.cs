namespace Metrics.Formats.Syslog;

/// <summary>In which form a message came.</summary>
public enum SyslogForm : byte
{
    /// <summary>No form that we know: a priority at most, then text.</summary>
    Plain,

    /// <summary>RFC 3164, or what is sent under its name.</summary>
    Rfc3164,

    /// <summary>RFC 5424.</summary>
    Rfc5424,
}

/// <summary>What a message says of its time.</summary>
public enum SyslogTimeState : byte
{
    /// <summary>Nothing: the field is missing or nil.</summary>
    Missing,

    /// <summary>A time; <see cref="SyslogMessage.Time"/> holds it.</summary>
    Given,

    /// <summary>Something that is no time, such as a 13th month.</summary>
    Malformed,
}

/// <summary>The parts of one message, as spans of the bytes that it was read from; a part that is missing or nil is empty.</summary>
public ref struct SyslogMessage
{
    /// <summary>In which form it came.</summary>
    public SyslogForm Form { get; internal set; }

    /// <summary>Facility · 8 + severity, 0 to 191; -1 when none was sent.</summary>
    public int Priority { get; internal set; }

    /// <summary>What it says of its time.</summary>
    public SyslogTimeState TimeState { get; internal set; }

    /// <summary>When it was made, nanoseconds since 1970 UTC; 0 unless <see cref="TimeState"/> is given.</summary>
    public long Time { get; internal set; }

    /// <summary>The machine's name or address.</summary>
    public ReadOnlySpan<byte> Host { get; internal set; }

    /// <summary>APP-NAME of RFC 5424, the tag without its number of RFC 3164.</summary>
    public ReadOnlySpan<byte> App { get; internal set; }

    /// <summary>PROCID; a number most of the time.</summary>
    public ReadOnlySpan<byte> ProcessId { get; internal set; }

    /// <summary>MSGID of RFC 5424.</summary>
    public ReadOnlySpan<byte> MessageId { get; internal set; }

    /// <summary>STRUCTURED-DATA of RFC 5424 with brackets and escapes; <see cref="StructuredDataReader"/> takes it apart.</summary>
    public ReadOnlySpan<byte> StructuredData { get; internal set; }

    /// <summary>The text, without byte order mark and trailer. UTF-8 most of the time; nothing checks it.</summary>
    public ReadOnlySpan<byte> Body { get; internal set; }

    /// <summary>Whether it begins like RFC 5424 and breaks off: the parts before the fault are set, the rest is the text.</summary>
    public bool IsBroken { get; internal set; }
}
