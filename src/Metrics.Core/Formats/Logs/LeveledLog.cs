using Metrics.Formats.Logs.OpenStack;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>Whatever begins its lines with a time and a level: juju, Vault, Python's and Go's programs.</summary>
/// <remarks>
/// <code>
/// 2026-11-26 10:00:00 INFO juju.worker.dependency "api-address-updater" manifold worker started
/// 2026-11-26 10:00:00,123 INFO Starting unattended upgrades script
/// 2026-11-26T10:00:00.123Z [WARN]  core: stored unseal keys supported
/// </code>
/// </remarks>
public static class LeveledLog
{
    private const int MaxLevel = 12;

    /// <summary>The format <c>leveled</c>.</summary>
    public static LogFormat Format { get; } = new("leveled", TryRead, Continues);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 24 || text[4] != '-' || !LogTimes.TryDate(text, context.Zone, out long time, out int length))
            return false;
        ReadOnlySpan<byte> rest = text[length..].TrimStart(" \t"u8);
        int end = rest[..Math.Min(rest.Length, MaxLevel)].IndexOfAny(" \t"u8);
        if (end < 3 || length + end == text.Length || !(char.IsAsciiLetterUpper((char)rest[0]) || rest[0] == '['))
            return false;
        ReadOnlySpan<byte> word = rest[..end].TrimEnd((byte)':');
        if (word.Length > 2 && word[0] == '[' && word[^1] == ']')
            word = word[1..^1];
        if (!LogLevels.TrySet(record, word))
            return false;
        record.Time = time;
        record.MessageLength = rest.Length - end;
        // A service of OpenStack's may share its file with what its libraries print; the last format is tried first.
        if (OsloLog.TryReadBody(text, record))
            record.Set(EventFields.Dataset, OsloLog.Format.Name);
        return true;
    }

    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) => line.IsEmpty || line[0] is (byte)' ' or (byte)'\t';
}
