using Metrics.Model;

namespace Metrics.Formats.PrometheusText;

/// <summary>An OpenMetrics exemplar, what follows <c> # </c>: <c>{trace_id="x"} 0.5 [seconds]</c>.</summary>
/// <remarks>https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md#exemplars</remarks>
public static class ExemplarText
{
    /// <summary>Reads an exemplar to the end of its line.</summary>
    /// <param name="text">From the opening brace on.</param>
    /// <param name="labels">Filled with its labels where given.</param>
    /// <param name="value">Value and optional time.</param>
    /// <param name="fault">What is wrong.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, List<Label>? labels, out SampleValue value, out ParseFault fault)
    {
        value = default;
        if (text is not [(byte)'{', ..])
        {
            fault = new ParseFault("expected '{' at the start of the exemplar", 0);
            return false;
        }
        int end = SeriesText.Measure(text);
        if (end == 0)
        {
            fault = new ParseFault("the exemplar's '{' is not closed", 0);
            return false;
        }
        // A name in front makes it a series, whose rules for labels are the same.
        byte[] named = new byte[end + 1];
        named[0] = (byte)'x';
        text[..end].CopyTo(named.AsSpan(1));
        var read = labels ?? [];
        if (!SeriesText.TryRead(named, ExpositionFormat.OpenMetrics, read, out int length, out fault))
            return false;
        read.RemoveAt(0);
        if (length != named.Length)
        {
            fault = new ParseFault("unexpected text in the exemplar", length - 1);
            return false;
        }
        ReadOnlySpan<byte> rest = text[end..];
        if (rest is not [(byte)' ', ..])
        {
            fault = new ParseFault("expected a value after the exemplar's labels", end);
            return false;
        }
        int space = rest[1..].IndexOf((byte)' ');
        ReadOnlySpan<byte> number = space < 0 ? rest[1..] : rest[1..(space + 1)];
        if (!FloatText.TryParse(number, out double exemplarValue))
        {
            fault = new ParseFault("expected a number as the exemplar's value", end + 1);
            return false;
        }
        long time = 0;
        if (space >= 0 && !SampleValue.TryReadSeconds(rest[(space + 2)..], out time))
        {
            fault = new ParseFault("expected seconds as the exemplar's timestamp", end + space + 2);
            return false;
        }
        value = new SampleValue(exemplarValue, space >= 0, time);
        return true;
    }
}
