using System.Buffers;
using System.Text.Json;
using Metrics.Model;

namespace Metrics.Inputs.Journald;

/// <summary>How far a journal has been read.</summary>
/// <param name="Cursor">Of the newest entry that was read, in journalctl's words; null where it had none.</param>
/// <param name="Time">When that happened, nanoseconds since 1970 UTC; null where it does not say.</param>
/// <param name="Units">The units that were read then, as <see cref="JournaldOptions.Units"/>.</param>
internal sealed record JournalPosition(string? Cursor, long? Time, string Units)
{
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>As it is stored. Another folder is another journal, with a position of its own.</summary>
    public SourcePosition ToSource(JournaldOptions options) => new(options.Name, KeyOf(options), JsonSerializer.Serialize(this));

    /// <summary>What was stored of an input's journal; null where it has never been read, or that is damaged.</summary>
    public static JournalPosition? Find(IReadOnlyList<SourcePosition> stored, JournaldOptions options) =>
        stored.FirstOrDefault(p => p.Key == KeyOf(options))?.Read<JournalPosition>() is { } read && IsCursor(read.Cursor) ? read : null;

    /// <summary>Whether journalctl takes it: <c>s=…;i=…;b=…;m=…;t=…;x=…</c>, each a hexadecimal number.</summary>
    private static bool IsCursor(string? cursor) => cursor is null || cursor.Split(';').All(
        part => part is [_, '=', _, ..] && !part.AsSpan(2).ContainsAnyExcept(s_hex));

    private static string KeyOf(JournaldOptions options) => options.Directory ?? "";
}
