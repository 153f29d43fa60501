using System.Buffers;
using System.Text;
using Metrics.Formats.LineProtocol;

namespace Metrics.Fuzz;

/// <summary>Pushed line protocol: each line is taken or refused, and what is written of a point is read as that point.</summary>
internal static class LineProtocolTarget
{
    public static void Try(ReadOnlyMemory<byte> input)
    {
        var reader = new LineProtocolReader(input.Span);
        var point = new LineProtocolPoint();
        int most = input.Span.Count((byte)'\n') + 1;
        LineResult result;
        for (int lines = 0; (result = reader.Read(point, out _)) != LineResult.End; lines++)
        {
            if (lines >= most)
                throw new FuzzException("more lines are read than there are");
            if (result == LineResult.Point && TryWrite(point, input.Span, out byte[] written))
                Compare(point, input.Span, written);
        }
    }

    private static void Compare(LineProtocolPoint point, ReadOnlySpan<byte> body, byte[] written)
    {
        string before = Describe(point, body);
        var again = new LineProtocolPoint();
        if (new LineProtocolReader(written).Read(again, out _) != LineResult.Point)
            throw new FuzzException($"what was written of '{before}' is no point: {Encoding.UTF8.GetString(written)}");
        FuzzException.IfNotEqual(before, Describe(again, written), "a point is another when it is written and read");
    }

    private static bool TryWrite(LineProtocolPoint point, ReadOnlySpan<byte> body, out byte[] written)
    {
        var to = new ArrayBufferWriter<byte>();
        bool changed = LineProtocolWriter.WriteKey(to, Measurement(point, body), isMeasurement: true);
        foreach (TagToken tag in point.Tags)
        {
            LineProtocolWriter.WriteByte(to, (byte)',');
            changed |= LineProtocolWriter.WriteKey(to, Key(tag.Key, body));
            LineProtocolWriter.WriteByte(to, (byte)'=');
            changed |= LineProtocolWriter.WriteKey(to, Key(tag.Value, body));
        }
        byte separator = (byte)' ';
        foreach (FieldToken field in point.Fields)
        {
            LineProtocolWriter.WriteByte(to, separator);
            changed |= LineProtocolWriter.WriteKey(to, Key(field.Key, body));
            LineProtocolWriter.WriteByte(to, (byte)'=');
            if (field.Kind == FieldKind.String)
                LineProtocolWriter.WriteString(to, field.Value.Text(body, LineProtocolReader.StringEscapes));
            else
                LineProtocolWriter.WriteNumber(to, field.Number);
            separator = (byte)',';
        }
        written = to.WrittenSpan.ToArray();
        return !changed;
    }

    private static string Describe(LineProtocolPoint point, ReadOnlySpan<byte> body)
    {
        var text = new StringBuilder(Measurement(point, body));
        foreach (TagToken tag in point.Tags)
            text.Append(" tag ").Append(Key(tag.Key, body)).Append('=').Append(Key(tag.Value, body));
        foreach (FieldToken field in point.Fields)
        {
            text.Append(" field ").Append(Key(field.Key, body)).Append('=');
            if (field.Kind == FieldKind.String)
                text.Append(field.Value.Text(body, LineProtocolReader.StringEscapes));
            else
                text.Append(BitConverter.DoubleToInt64Bits(field.Number));
        }
        return text.ToString();
    }

    private static string Measurement(LineProtocolPoint point, ReadOnlySpan<byte> body) =>
        point.Measurement.Text(body, LineProtocolReader.MeasurementEscapes);

    private static string Key(Token token, ReadOnlySpan<byte> body) => token.Text(body, LineProtocolReader.KeyEscapes);
}
