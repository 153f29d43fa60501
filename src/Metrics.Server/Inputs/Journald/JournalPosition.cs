using System.Text.Json;
using Metrics.Model;

namespace Metrics.Inputs.Journald;

/// <summary>How far a journal has been read.</summary>
/// <param name="Cursor">Of the newest entry that was read, in journalctl's words; null where it had none.</param>
/// <param name="Time">When that happened, nanoseconds since 1970 UTC; null where it does not say.</param>
/// <param name="Units">The units that were read then, as <see cref="JournaldOptions.Units"/>.</param>
internal sealed record JournalPosition(string? Cursor, long? Time, string Units)
{
    /// <summary>As it is stored. Another folder is another journal, with a position of its own.</summary>
    public SourcePosition ToSource(JournaldOptions options) => new(options.Name, KeyOf(options), JsonSerializer.Serialize(this));

    /// <summary>What was stored of an input's journal; null where it has never been read.</summary>
    public static JournalPosition? Find(IReadOnlyList<SourcePosition> stored, JournaldOptions options)
    {
        string? state = stored.FirstOrDefault(p => p.Key == KeyOf(options))?.State;
        return state is null ? null : JsonSerializer.Deserialize<JournalPosition>(state);
    }

    private static string KeyOf(JournaldOptions options) => options.Directory ?? "";
}
