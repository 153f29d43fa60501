using System.Text;
using Metrics.Model;

namespace Metrics.Formats.PrometheusText;

/// <summary>
/// The part of a sample line that names its series: <c>name</c>, <c>name{a="b"}</c> or, with UTF-8 names, <c>{"a name","a label"="b"}</c>.
/// Pure functions over one line; they never throw.
/// </summary>
/// <remarks>
/// <code>
/// series := name [ "{" labels "}" ]  |  "{" labels "}"
/// labels := [ pair { "," pair } [","] ]          a trailing comma in the text format only
/// pair   := (name | quoted) "=" quoted  |  quoted          the last is the metric name, at most once
/// </code>
/// https://prometheus.io/docs/instrumenting/exposition_formats/ ,
/// https://github.com/prometheus/proposals/blob/main/proposals/2023-08-21-utf8.md
/// </remarks>
public static class SeriesText
{
    /// <summary>
    /// Finds where the series part of a well-formed line ends, quickly and without checking it: enough to look the bytes up among those
    /// that were parsed before. Zero when no end is found.
    /// </summary>
    public static int Measure(ReadOnlySpan<byte> line)
    {
        int lead = 0;
        while (lead < line.Length && IsBlank(line[lead]))
            lead++;
        int i = line[lead..].IndexOfAny((byte)'{', (byte)' ', (byte)'\t');
        if (i < 0)
            return 0;
        i += lead;
        if (line[i] != '{')
        {
            int next = i;
            while (next < line.Length && IsBlank(line[next]))
                next++;
            if (next == line.Length || line[next] != '{')
                return i;
            i = next;
        }
        for (i++; i < line.Length;)
        {
            int step = line[i..].IndexOfAny((byte)'"', (byte)'}');
            if (step < 0)
                return 0;
            i += step;
            if (line[i] == '}')
                return i + 1;
            for (i++; ; i++)
            {
                step = i > line.Length ? -1 : line[i..].IndexOfAny((byte)'"', (byte)'\\');
                if (step < 0)
                    return 0;
                i += step;
                if (line[i] == '"')
                {
                    i++;
                    break;
                }
                i++;
            }
        }
        return 0;
    }

    /// <summary>Reads the series part at the start of a line.</summary>
    /// <param name="line">One line without its line feed.</param>
    /// <param name="format">Which blanks and commas are allowed.</param>
    /// <param name="labels">Filled with the labels, <c>__name__</c> first, repeated names included; cleared at the start.</param>
    /// <param name="length">Bytes read, leading blanks included.</param>
    /// <param name="fault">What is wrong, when the answer is false.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, ExpositionFormat format, List<Label> labels, out int length, out ParseFault fault)
    {
        labels.Clear();
        var cursor = new Cursor(line, format);
        bool read = cursor.TryReadSeries(labels);
        length = cursor.Position;
        fault = cursor.Fault;
        return read;
    }

    /// <summary>Reads a metric name, bare or quoted, as it stands after HELP, TYPE and UNIT.</summary>
    public static bool TryReadName(ReadOnlySpan<byte> text, out string name, out int length, out ParseFault fault)
    {
        var cursor = new Cursor(text, ExpositionFormat.Text);
        bool read = cursor.TryReadName(out name);
        length = cursor.Position;
        fault = cursor.Fault;
        return read;
    }

    internal static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\t';

    private static bool IsNameStart(byte b, bool colon) => (uint)((b | 0x20) - 'a') <= 25 || b == '_' || (colon && b == ':');

    private ref struct Cursor(ReadOnlySpan<byte> line, ExpositionFormat format)
    {
        private readonly ReadOnlySpan<byte> _line = line;
        private readonly bool _free = format == ExpositionFormat.Text;

        public int Position;

        public ParseFault Fault;

        private readonly byte Current => Position < _line.Length ? _line[Position] : (byte)0;

        public bool TryReadSeries(List<Label> labels)
        {
            SkipBlanks();
            string name = "";
            if (Current != '{')
            {
                if (!TryReadBareName(colon: true, out name, "expected a metric name"))
                    return false;
                int end = Position;
                SkipBlanks();
                if (Current != '{')
                {
                    Position = end;
                    labels.Add(new Label(Labels.MetricName, name));
                    return true;
                }
            }
            labels.Add(new Label(Labels.MetricName, name));
            Position++;
            SkipBlanks();
            for (bool first = true; Current != '}'; first = false)
            {
                if (!first && !TryReadComma())
                    return false;
                if (_free && Current == '}')
                    break;
                if (first && _free && Current == ',')   // client libraries are known to write {,}
                {
                    Position++;
                    SkipBlanks();
                    if (Current == '}')
                        break;
                    return Refuse("expected a label name");
                }
                if (!TryReadPair(labels))
                    return false;
            }
            Position++;
            return labels[0].Value.Length > 0 || Refuse("the metric has no name");
        }

        public bool TryReadName(out string name) => Current == '"'
            ? TryReadQuoted("expected a metric name", out name) && (name.Length > 0 || Refuse("the metric has no name"))
            : TryReadBareName(colon: true, out name, "expected a metric name");

        private bool TryReadPair(List<Label> labels)
        {
            bool quoted = Current == '"';
            string label;
            if (!(quoted
                ? TryReadQuoted("expected a label name", out label)
                : TryReadBareName(colon: false, out label, "expected a label name")))
                return false;
            SkipBlanks();
            if (quoted && Current is (byte)',' or (byte)'}')
            {
                if (!quoted)
                    return Refuse("expected '=' after the label name");
                if (labels[0].Value.Length > 0)
                    return Refuse("the metric name is given twice");
                labels[0] = new Label(Labels.MetricName, label);
                return true;
            }
            if (Current != '=')
                return Refuse("expected '=' after the label name");
            Position++;
            SkipBlanks();
            if (!TryReadQuoted("expected a label value in double quotes", out string value))
                return false;
            if (label == Labels.MetricName)
                return Refuse("the label __name__ is reserved");
            labels.Add(new Label(label, value));
            SkipBlanks();
            return true;
        }

        private bool TryReadComma()
        {
            if (Current != ',')
                return Refuse("expected ',' or '}' after a label");
            Position++;
            SkipBlanks();
            // The grammar has no blank here, but writers of OpenMetrics put one, and readers take it.
            if (Current == ' ')
                Position++;
            return _free || Current != '}' || Refuse("expected a label name after ','");
        }

        private bool TryReadBareName(bool colon, out string name, string expected)
        {
            int start = Position;
            if (!IsNameStart(Current, colon))
            {
                name = "";
                return Refuse(expected);
            }
            while (Position < _line.Length && (IsNameStart(_line[Position], colon) || (uint)(_line[Position] - '0') <= 9))
                Position++;
            name = TextPool.Shared.Get(_line[start..Position]);
            return true;
        }

        private bool TryReadQuoted(string expected, out string value)
        {
            value = "";
            if (Current != '"')
                return Refuse(expected);
            int start = ++Position;
            bool escaped = false;
            while (true)
            {
                int step = Position > _line.Length ? -1 : _line[Position..].IndexOfAny((byte)'"', (byte)'\\');
                if (step < 0)
                {
                    Position = start - 1;
                    return Refuse("the double quote is not closed");
                }
                Position += step;
                if (_line[Position] == '"')
                    break;
                escaped = true;
                Position += 2;
            }
            ReadOnlySpan<byte> raw = _line[start..Position];
            if (!System.Text.Unicode.Utf8.IsValid(raw))
            {
                Position = start;
                return Refuse("not valid UTF-8");
            }
            Position++;
            value = escaped ? Unescape(raw) : TextPool.Shared.Get(raw);
            return true;
        }

        private void SkipBlanks()
        {
            while (_free && IsBlank(Current))
                Position++;
        }

        private bool Refuse(string reason)
        {
            Fault = new ParseFault(reason, Position);
            return false;
        }
    }

    /// <summary>Replaces <c>\\</c>, <c>\"</c> and <c>\n</c>; any other backslash stays as it is, as Prometheus has it.</summary>
    internal static string Unescape(ReadOnlySpan<byte> raw, bool quotes = true)
    {
        byte[] text = new byte[raw.Length];
        int length = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            byte b = raw[i];
            if (b == '\\' && i + 1 < raw.Length)
            {
                byte next = raw[i + 1];
                if (next == '\\' || (next == '"' && quotes) || next == 'n')
                {
                    b = next == 'n' ? (byte)'\n' : next;
                    i++;
                }
            }
            text[length++] = b;
        }
        return Encoding.UTF8.GetString(text, 0, length);
    }
}
