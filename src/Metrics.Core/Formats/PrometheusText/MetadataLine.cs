using System.Text;
using Metrics.Model;

namespace Metrics.Formats.PrometheusText;

/// <summary>A line that begins with <c>#</c>: HELP, TYPE, UNIT, EOF, or a comment.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Name">The metric (family) it speaks of; empty for a comment and EOF.</param>
/// <param name="Text">Help text unescaped, type or unit as written.</param>
public readonly record struct MetadataLine(LineKind Kind, string Name, string Text)
{
    /// <summary>Reads a line whose first byte (behind blanks in the text format) is <c>#</c>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, ExpositionFormat format, out MetadataLine metadata, out ParseFault fault) =>
        format == ExpositionFormat.Text ? TryReadText(line, out metadata, out fault) : TryReadOpenMetrics(line, out metadata, out fault);

    /// <summary>The type that a TYPE line names.</summary>
    public static bool TryReadType(string text, ExpositionFormat format, out MetricType type)
    {
        string word = format == ExpositionFormat.Text ? text.ToLowerInvariant() : text;
        type = word switch
        {
            "counter" => MetricType.Counter,
            "gauge" => MetricType.Gauge,
            "histogram" => MetricType.Histogram,
            "gaugehistogram" => MetricType.GaugeHistogram,
            "gauge_histogram" when format == ExpositionFormat.Text => MetricType.GaugeHistogram,
            "summary" => MetricType.Summary,
            "info" => MetricType.Info,
            "stateset" => MetricType.StateSet,
            _ => MetricType.Unknown,
        };
        return type != MetricType.Unknown || word == "unknown" || (word == "untyped" && format == ExpositionFormat.Text);
    }

    private static bool TryReadText(ReadOnlySpan<byte> line, out MetadataLine metadata, out ParseFault fault)
    {
        metadata = new MetadataLine(LineKind.Comment, "", "");
        fault = default;
        ReadOnlySpan<byte> rest = TrimBlanks(TrimBlanks(line)[1..]);
        LineKind kind;
        if (StartsWithWord(rest, "HELP"u8))
            kind = LineKind.Help;
        else if (StartsWithWord(rest, "TYPE"u8))
            kind = LineKind.Type;
        else
            return true;
        rest = TrimBlanks(rest[4..]);
        if (rest.IsEmpty)
            return true;   // a word alone says nothing
        if (!SeriesText.TryReadName(rest, out string name, out int length, out fault))
            return false;
        rest = rest[length..];
        if (!rest.IsEmpty && !SeriesText.IsBlank(rest[0]))
            return Refuse("expected a blank after the metric name", line.Length - rest.Length, out fault);
        rest = TrimBlanks(rest);
        if (kind == LineKind.Type)
        {
            string type = Encoding.UTF8.GetString(rest.TrimEnd(" \t"u8));
            metadata = new MetadataLine(kind, name, type);
            return TryReadType(type, ExpositionFormat.Text, out _)
                || Refuse("unknown metric type; known are counter, gauge, histogram, summary, untyped", line.Length - rest.Length,
                    out fault);
        }
        if (!System.Text.Unicode.Utf8.IsValid(rest))
            return Refuse("not valid UTF-8", line.Length - rest.Length, out fault);
        // A quoted name is of the newer syntax, in which \" is an escape in help texts too.
        metadata = new MetadataLine(kind, name, SeriesText.Unescape(rest, quotes: line.Contains((byte)'"') && name.Length + 2 <= length));
        return true;
    }

    private static bool TryReadOpenMetrics(ReadOnlySpan<byte> line, out MetadataLine metadata, out ParseFault fault)
    {
        metadata = default;
        fault = default;
        if (line.SequenceEqual("# EOF"u8))
        {
            metadata = new MetadataLine(LineKind.Eof, "", "");
            return true;
        }
        LineKind kind;
        if (line.StartsWith("# HELP "u8))
            kind = LineKind.Help;
        else if (line.StartsWith("# TYPE "u8))
            kind = LineKind.Type;
        else if (line.StartsWith("# UNIT "u8))
            kind = LineKind.Unit;
        else
            return Refuse("expected '# HELP ', '# TYPE ', '# UNIT ' or '# EOF'", 0, out fault);
        if (!SeriesText.TryReadName(line[7..], out string name, out int length, out fault))
            return false;
        ReadOnlySpan<byte> rest = line[(7 + length)..];
        if (rest is not [(byte)' ', ..])
            return Refuse("expected one space and text after the metric name", 7 + length, out fault);
        rest = rest[1..];
        if (!System.Text.Unicode.Utf8.IsValid(rest))
            return Refuse("not valid UTF-8", 8 + length, out fault);
        metadata = new MetadataLine(kind, name, kind == LineKind.Help ? SeriesText.Unescape(rest) : Encoding.UTF8.GetString(rest));
        return kind != LineKind.Type || TryReadType(metadata.Text, ExpositionFormat.OpenMetrics, out _)
            || Refuse("unknown metric type", 8 + length, out fault);
    }

    private static bool StartsWithWord(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.StartsWith(word) && (text.Length == word.Length || SeriesText.IsBlank(text[word.Length]));

    private static ReadOnlySpan<byte> TrimBlanks(ReadOnlySpan<byte> text) => text.TrimStart(" \t"u8);

    private static bool Refuse(string reason, int offset, out ParseFault fault)
    {
        fault = new ParseFault(reason, offset);
        return false;
    }
}
