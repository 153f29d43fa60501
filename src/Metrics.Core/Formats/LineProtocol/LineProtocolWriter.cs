using System.Buffers;
using System.Globalization;
using System.Text;

namespace Metrics.Formats.LineProtocol;

/// <summary>
/// Writes points that every InfluxDB takes: tags sorted as given, values as floats, a timestamp on every line. What would poison a batch
/// is mended here: line feeds become spaces, a trailing backslash of a tag becomes <c>/</c>, a tag or field named <c>time</c> becomes
/// <c>time_</c>, control characters become spaces.
/// </summary>
/// <remarks>Facts and their reasons: docs/decisions/0002-influxdb-mapping.md.</remarks>
public static class LineProtocolWriter
{
    /// <summary>Writes a measurement or, when <paramref name="isMeasurement"/> is false, a tag key, tag value or field key.</summary>
    /// <returns>Whether the text had to be changed (not merely escaped).</returns>
    public static bool WriteKey(IBufferWriter<byte> to, string text, bool isMeasurement = false)
    {
        bool changed = false;
        if (text == "time" && !isMeasurement)
        {
            text = "time_";
            changed = true;
        }
        int max = (Encoding.UTF8.GetMaxByteCount(text.Length) * 2) + 1;
        Span<byte> span = to.GetSpan(max);
        Span<byte> utf8 = span[(max / 2)..];
        int count = Encoding.UTF8.GetBytes(text, utf8);
        int length = 0;
        // The raw text lies in the upper half of the span and is written into the lower: writing never overtakes reading.
        for (int i = 0; i < count; i++)
        {
            byte b = utf8[i];
            if (b is < 32 or 127)
            {
                b = (byte)' ';
                changed = true;
            }
            if (b == '\\' && i == count - 1)
            {
                b = (byte)'/';
                changed = true;
            }
            if (b is (byte)',' or (byte)' ' || (b == '=' && !isMeasurement))
                span[length++] = (byte)'\\';
            span[length++] = b;
        }
        to.Advance(length);
        return changed;
    }

    /// <summary>Writes a finite number as a float field's value.</summary>
    /// <exception cref="ArgumentException">NaN and infinities have no form in line protocol.</exception>
    public static void WriteNumber(IBufferWriter<byte> to, double value)
    {
        if (!double.IsFinite(value))
            throw new ArgumentException("Line protocol has no NaN and no infinity.", nameof(value));
        Span<byte> span = to.GetSpan(32);
        if (!value.TryFormat(span, out int written, "R", CultureInfo.InvariantCulture))
            throw new InvalidOperationException("A double takes at most 24 characters.");
        to.Advance(written);
    }

    /// <summary>Writes a string field's value with its quotes.</summary>
    public static void WriteString(IBufferWriter<byte> to, string text)
    {
        var escaped = new StringBuilder(text.Length + 2).Append('"');
        foreach (char c in text)
        {
            if (c is '"' or '\\')
                escaped.Append('\\');
            escaped.Append(c);
        }
        WriteAscii(to, escaped.Append('"').ToString());
    }

    /// <summary>Writes an integer, such as a timestamp.</summary>
    public static void WriteInteger(IBufferWriter<byte> to, long value)
    {
        Span<byte> span = to.GetSpan(20);
        value.TryFormat(span, out int written, default, CultureInfo.InvariantCulture);
        to.Advance(written);
    }

    /// <summary>Writes one byte of punctuation.</summary>
    public static void WriteByte(IBufferWriter<byte> to, byte value)
    {
        to.GetSpan(1)[0] = value;
        to.Advance(1);
    }

    private static void WriteAscii(IBufferWriter<byte> to, string text) => Encoding.UTF8.GetBytes(text, to);
}
