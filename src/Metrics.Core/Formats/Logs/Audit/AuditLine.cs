namespace Metrics.Formats.Logs.Audit;

/// <summary>One line of an audit log, taken apart: <c>[node=NAME ]type=TYPE msg=audit(SECONDS.mmm:SERIAL): BODY</c>.</summary>
internal readonly ref struct AuditLine
{
    private const int MaxHeader = MaxNode + MaxType + MaxStamp + 32;
    private const int MaxNode = 255;
    private const int MaxType = 64;
    private const int MaxStamp = 48;

    /// <summary>The machine, where several write into one log.</summary>
    public ReadOnlySpan<byte> Node { get; private init; }

    /// <summary>The type of record, by name (<c>USER_LOGIN</c>) or number (<c>1112</c>).</summary>
    public ReadOnlySpan<byte> Type { get; private init; }

    /// <summary>Time and serial; all lines of one event have the same.</summary>
    public ReadOnlySpan<byte> Stamp { get; private init; }

    /// <summary>The pairs.</summary>
    public ReadOnlySpan<byte> Body { get; private init; }

    /// <summary>The serial.</summary>
    public ReadOnlySpan<byte> Serial => Stamp[(Stamp.IndexOf((byte)':') + 1)..];

    /// <summary>Takes a line apart.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, out AuditLine read)
    {
        read = default;
        ReadOnlySpan<byte> rest = line;
        ReadOnlySpan<byte> node = default;
        if (LogText.TryTake(ref rest, "node="u8) && !LogText.TryTakeUntil(ref rest, (byte)' ', out node, MaxNode))
            return false;
        if (!LogText.TryTake(ref rest, "type="u8)
            || !LogText.TryTakeUntil(ref rest, (byte)' ', out ReadOnlySpan<byte> type, MaxType) || type.IsEmpty)
        {
            return false;
        }
        LogText.TryTake(ref rest, "msg="u8);
        if (!LogText.TryTake(ref rest, "audit("u8)
            || !LogText.TryTakeUntil(ref rest, (byte)')', out ReadOnlySpan<byte> stamp, MaxStamp) || !stamp.Contains((byte)':'))
        {
            return false;
        }
        LogText.TryTake(ref rest, ":"u8);
        read = new AuditLine { Node = node, Type = type, Stamp = stamp, Body = rest.TrimStart((byte)' ') };
        return true;
    }

    /// <summary>Whether two lines are of one event: the same machine, time and serial.</summary>
    public static bool AreOfOneEvent(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) =>
        TryRead(Start(first), out AuditLine one) && TryRead(Start(line), out AuditLine other)
        && one.Stamp.SequenceEqual(other.Stamp) && one.Node.SequenceEqual(other.Node);

    /// <summary>Nanoseconds since 1970 UTC, or null.</summary>
    public long? Time()
    {
        ReadOnlySpan<byte> seconds = Stamp[..Stamp.IndexOf((byte)':')];
        return EpochTime.TryRead(seconds, out long time) ? time : null;
    }

    private static ReadOnlySpan<byte> Start(ReadOnlySpan<byte> line) => line[..Math.Min(line.Length, MaxHeader)];
}
