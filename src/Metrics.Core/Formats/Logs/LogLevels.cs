using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>The words for severities that logs use (<see cref="Severity"/>).</summary>
public static class LogLevels
{
    private const int MaxLength = 13;

    /// <summary>The number of a word in small or capital letters; 0 where it is none.</summary>
    public static byte NumberOf(ReadOnlySpan<byte> word)
    {
        if (word.Length is 0 or > MaxLength)
            return 0;
        Span<byte> small = stackalloc byte[MaxLength];
        for (int at = 0; at < word.Length; at++)
            small[at] = (byte)(word[at] | 0x20);
        small = small[..word.Length];
        return small[0] switch
        {
            (byte)'a' when small.SequenceEqual("audit"u8) => Severity.Notice,
            (byte)'a' when small.SequenceEqual("alert"u8) => Severity.Alert,
            (byte)'c' when small.SequenceEqual("critical"u8) || small.SequenceEqual("crit"u8) => Severity.Critical,
            (byte)'d' when small.SequenceEqual("debug"u8) || small.SequenceEqual("dbg"u8) => Severity.Debug,
            (byte)'e' when small.SequenceEqual("error"u8) || small.SequenceEqual("err"u8) => Severity.Error,
            (byte)'e' when small.SequenceEqual("emerg"u8) || small.SequenceEqual("emergency"u8) || small.SequenceEqual("emer"u8)
                => Severity.Fatal,
            (byte)'f' when small.SequenceEqual("fatal"u8) => Severity.Fatal,
            (byte)'i' when small.SequenceEqual("info"u8) || small.SequenceEqual("inf"u8)
                || small.SequenceEqual("information"u8) || small.SequenceEqual("informational"u8) => Severity.Info,
            (byte)'n' when small.SequenceEqual("notice"u8) || small.SequenceEqual("note"u8) => Severity.Notice,
            (byte)'p' when small.SequenceEqual("panic"u8) => Severity.Fatal,
            // Apache's finer steps are trace1 to trace8.
            (byte)'t' when small.StartsWith("trace"u8) && small.Length <= 6 => Severity.Trace,
            (byte)'w' when small.SequenceEqual("warning"u8) || small.SequenceEqual("warn"u8) || small.SequenceEqual("wrn"u8)
                => Severity.Warning,
            _ => 0,
        };
    }

    /// <summary>Sets <c>log.level</c> and the severity from the source's word.</summary>
    /// <returns>Whether it is such a word.</returns>
    public static bool TrySet(LogRecord record, ReadOnlySpan<byte> word)
    {
        byte number = NumberOf(word);
        if (number == 0)
            return false;
        record.SeverityNumber = number;
        record.Set(EventFields.Level, word);
        return true;
    }
}
