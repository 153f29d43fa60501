using System.Buffers;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>What OSSEC and Wazuh write when a file has changed.</summary>
/// <remarks>
/// <code>
/// Integrity checksum changed for: '/etc/hosts'         File '/etc/hosts' modified
/// New file '/etc/x' added to the file system.          File '/etc/x' added
/// File '/etc/x' was deleted. Unable to retrieve …      File '/etc/x' deleted
/// New sha256sum is : '…'                                - SHA256: …
/// </code>
/// </remarks>
internal static class OssecSyscheck
{
    private static readonly SearchValues<byte> s_hexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>Reads the lines of a change.</summary>
    public static void Read(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!TrySetFile(text.TakeLine(), record))
            return;
        record.Kind = EventKinds.IntegrityChanged;
        SetHash(text, "New sha256sum is : '"u8, record);
        SetHash(text, " - SHA256: "u8, record);
    }

    private static bool TrySetFile(ReadOnlySpan<byte> line, LogRecord record)
    {
        // The file's name may hold the words behind it: the quote is the last one of the line.
        int open = line.IndexOf((byte)'\''), close = line.LastIndexOf((byte)'\'');
        if (open < 0 || close <= open + 1)
            return false;
        ReadOnlySpan<byte> before = line[..open], behind = line[(close + 1)..].TrimStart((byte)' ');
        string? action = before.StartsWith("Integrity checksum changed for"u8) ? "modified"
            : before.SequenceEqual("New file "u8) ? "added"
            : !before.SequenceEqual("File "u8) ? null
            : behind.StartsWith("was deleted"u8) || behind.StartsWith("deleted"u8) ? "deleted"
            : behind.StartsWith("was added"u8) || behind.StartsWith("added"u8) || behind.StartsWith("was re-added"u8) ? "added"
            : behind.StartsWith("modified"u8) || behind.StartsWith("checksum changed"u8) ? "modified"
            : null;
        record.Set(EventFields.Action, action);
        if (action is not null)
            record.Set(EventFields.FilePath, line[(open + 1)..close]);
        return action is not null;
    }

    private static void SetHash(ReadOnlySpan<byte> text, ReadOnlySpan<byte> before, LogRecord record)
    {
        const int HashLength = 64;
        int at = text.LastIndexOf(before);
        if (at < 0 || text.Length < at + before.Length + HashLength)
            return;
        ReadOnlySpan<byte> hash = text.Slice(at + before.Length, HashLength);
        if (!hash.ContainsAnyExcept(s_hexDigits))
            record.Set(EventFields.FileSha256, hash);
    }
}
