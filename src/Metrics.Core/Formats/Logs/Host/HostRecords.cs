using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>What the programs of a machine have in common in what they report.</summary>
internal static class HostRecords
{
    /// <summary>Sets a kind and how it went.</summary>
    public static void SetKind(this LogRecord record, string kind, bool succeeded)
    {
        record.Kind = kind;
        record.Set(EventFields.Outcome, succeeded ? "success" : "failure");
    }

    /// <summary>Sets from where somebody came, an address or a name; nothing where the program says that it does not know.</summary>
    public static void SetSource(this LogRecord record, ReadOnlySpan<byte> source)
    {
        if (!source.SequenceEqual("UNKNOWN"u8))
            LogText.SetSource(record, source);
    }

    /// <summary>Sets the level that a text itself names, where the header has named none.</summary>
    public static void SetLevel(this LogRecord record, string level, byte severityNumber)
    {
        if (record.SeverityNumber > 0)
            return;
        record.SeverityNumber = severityNumber;
        record.Set(EventFields.Level, level);
    }
}
