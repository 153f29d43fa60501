using System.Globalization;
using System.Text;

namespace Metrics.Tests.Formats;

/// <summary>Reads line protocol one character after the other, with lists and strings: slow and plain.</summary>
internal static class SlowLineProtocol
{
    public static string ReadAll(byte[] body)
    {
        string text = Encoding.Latin1.GetString(body);
        var all = new StringBuilder();
        int i = 0;
        while (true)
        {
            int lineStart = i;
            while (i < text.Length && text[i] == ' ')
                i++;
            if (i >= text.Length)
                return all.ToString();
            if (text[i] == '\n')
            {
                i++;
                continue;
            }
            if (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] == '\n'))
            {
                i += 2;
                continue;
            }
            bool comment = text[i] == '#';
            int end = comment ? EndOfComment(text, i) : -1;
            if (comment && end >= 0)
            {
                i = end;
                continue;
            }
            int at = comment ? lineStart : i;
            string? point = comment ? null : Point(text, ref at);
            all.Append(point ?? "refused").Append(';');
            i = at;
            if (point is null)
            {
                int newline = text.IndexOf('\n', i);
                i = newline < 0 ? text.Length : newline + 1;
            }
        }
    }

    /// <summary>Behind the comment's line, or -1 when it holds control characters.</summary>
    private static int EndOfComment(string text, int i)
    {
        while (i < text.Length && text[i] >= ' ' && text[i] != 127)
            i++;
        return EndOfLine(text, i);
    }

    private static int EndOfLine(string text, int i)
    {
        if (i >= text.Length)
            return i;
        if (text[i] == '\n')
            return i + 1;
        if (text[i] == '\r' && i + 1 == text.Length)
            return i + 1;
        return text[i] == '\r' && text[i + 1] == '\n' ? i + 2 : -1;
    }

    private static string? Point(string text, ref int i)
    {
        if (Take(text, ref i, ", ") is not { Length: > 0 } measurement)
            return null;
        var tags = new List<(string, string)>();
        while (i < text.Length && text[i] == ',')
        {
            i++;
            if (Take(text, ref i, ",= ") is not { Length: > 0 } key || i >= text.Length || text[i] != '=')
                return null;
            i++;
            if (Take(text, ref i, ",= ") is not { Length: > 0 } value
                || (i < text.Length && text[i] is not (',' or ' '))
                || tags.Exists(t => t.Item1 == key))
                return null;
            tags.Add((key, value));
        }
        if (i >= text.Length || text[i] != ' ')
            return null;
        while (i < text.Length && text[i] == ' ')
            i++;
        var fields = new List<string>();
        while (true)
        {
            if (Field(text, ref i) is not { } field)
                return null;
            fields.Add(field);
            if (i < text.Length && text[i] == ',')
            {
                i++;
                continue;
            }
            if (i < text.Length && text[i] is not (' ' or '\r' or '\n'))
                return null;
            break;
        }
        while (i < text.Length && text[i] == ' ')
            i++;
        string time = "";
        if (EndOfLine(text, i) < 0)
        {
            int start = i;
            while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '-'))
                i++;
            time = text[start..i];
            if (!long.TryParse(time, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long stamp)
                || (i < text.Length && text[i] is not (' ' or '\r' or '\n')))
                return null;
            time = stamp.ToString(CultureInfo.InvariantCulture);
            while (i < text.Length && text[i] == ' ')
                i++;
            if (EndOfLine(text, i) < 0)
                return null;
        }
        i = EndOfLine(text, i);
        return Utf8(measurement) + string.Concat(tags.Select(t => $"|{Utf8(t.Item1)}={Utf8(t.Item2)}"))
            + string.Concat(fields.Select(f => " " + f)) + "@" + time;
    }

    private static string? Field(string text, ref int i)
    {
        if (Take(text, ref i, ",= ") is not { Length: > 0 } key || i >= text.Length || text[i] != '=' || i + 1 >= text.Length)
            return null;
        i++;
        if (text[i] == '"')
            return StringField(text, ref i, key);
        int start = i;
        while (i < text.Length && text[i] is not (',' or ' ' or '\r' or '\n'))
            i++;
        string value = text[start..i];
        string? typed = value switch
        {
            "t" or "T" or "true" or "True" or "TRUE" => "Boolean1",
            "f" or "F" or "false" or "False" or "FALSE" => "Boolean0",
            _ when value.Length > 1
                && value[^1] == 'i'
                && (char.IsAsciiDigit(value[0]) || value[0] == '-')
                && long.TryParse(value[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n) =>
                "Integer" + ((double)n).ToString("R", CultureInfo.InvariantCulture),
            _ when value.Length > 1
                && value[^1] == 'u'
                && char.IsAsciiDigit(value[0])
                && ulong.TryParse(value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong u) =>
                "Unsigned" + ((double)u).ToString("R", CultureInfo.InvariantCulture),
            _ when System.Text.RegularExpressions.Regex.IsMatch(value, @"\A-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z")
                && double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture) is var d && double.IsFinite(d) =>
                    "Float" + d.ToString("R", CultureInfo.InvariantCulture),
            _ => null,
        };
        return typed is null ? null : $"{Utf8(key)}={typed}";
    }

    private static string? StringField(string text, ref int i, string key)
    {
        var value = new StringBuilder();
        int start = i;
        for (int j = i + 1; j < text.Length; j++)
        {
            if (text[j] == '"')
            {
                if (!IsUtf8(text[(start + 1)..j]))
                    return null;
                i = j + 1;
                return $"{Utf8(key)}=String{Utf8(value.ToString())}";
            }
            if (text[j] == '\\' && j + 1 < text.Length && text[j + 1] is '"' or '\\' or 'n' or 'r' or 't')
            {
                value.Append(text[++j] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var c => c });
                continue;
            }
            value.Append(text[j]);
        }
        return null;
    }

    private static string? Take(string text, ref int i, string special)
    {
        var token = new StringBuilder();
        int start = i;
        while (i < text.Length)
        {
            if (text[i] == '\\' && i + 1 < text.Length && special.Contains(text[i + 1], StringComparison.Ordinal))
            {
                token.Append(text[i + 1]);
                i += 2;
                continue;
            }
            if (text[i] != '\\' && (special.Contains(text[i], StringComparison.Ordinal) || text[i] <= ' ' || text[i] == 127))
                break;
            token.Append(text[i++]);
        }
        return IsUtf8(text[start..i]) ? token.ToString() : null;
    }

    private static bool IsUtf8(string latin) => System.Text.Unicode.Utf8.IsValid(Encoding.Latin1.GetBytes(latin));

    private static string Utf8(string latin) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin));
}
