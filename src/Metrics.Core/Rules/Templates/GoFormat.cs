using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Templates;

/// <summary>Prints values as Go's <c>fmt</c> does.</summary>
/// <remarks>https://pkg.go.dev/fmt</remarks>
internal static class GoFormat
{
    /// <summary>Longest text of one value, characters.</summary>
    private const int Longest = 1 << 20;

    /// <summary>As <c>%v</c>.</summary>
    /// <exception cref="TemplateException">It holds too much, or values within values too deep.</exception>
    public static string Print(object? value)
    {
        CheckDepth();
        return value switch
        {
            null => "<nil>",
            string text => text,
            bool flag => flag ? "true" : "false",
            double number => FloatText.FormatGeneral(number),
            long whole => whole.ToString(CultureInfo.InvariantCulture),
            Labels labels => $"map[{Join(" ", labels.Select(l => $"{l.Name}:{l.Value}"))}]",
            IDictionary map =>
                $"map[{Join(" ", map.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(k => $"{k}:{Print(map[k])}"))}]",
            VectorElement element => $"{{{Print(element.Labels)} {Print(element.Sample.Value)}}}",
            GoObject known => known.Print(),
            GoMarkup markup => markup.Text,
            TimeSpan span => GoDuration.Print(span),
            GoTemplate.AlertData data =>
                $"{{{Print(data.Labels)} {Print(data.ExternalLabels)} {data.ExternalURL} {Print(data.Value)}}}",
            IEnumerable list => $"[{Join(" ", list.Cast<object?>().Select(Print))}]",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
    }

    /// <summary>Ends a template whose values hold each other deeper than the stack is.</summary>
    /// <exception cref="TemplateException">They do.</exception>
    public static void CheckDepth()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateException("the values nest too deep");
    }

    /// <summary>Texts in a row, as long as they are not too long together: values that hold one another twice double.</summary>
    /// <exception cref="TemplateException">They are.</exception>
    public static string Join(string separator, IEnumerable<string> texts)
    {
        var joined = new StringBuilder();
        bool isFirst = true;
        foreach (string text in texts)
        {
            if (!isFirst)
                joined.Append(separator);
            isFirst = false;
            CheckLength((long)joined.Length + text.Length);
            joined.Append(text);
        }
        return joined.ToString();
    }

    /// <summary>Ends a template of whose values one is too long as a text.</summary>
    /// <exception cref="TemplateException">It is.</exception>
    public static void CheckLength(long characters)
    {
        if (characters > Longest)
            throw new TemplateException($"a value gives more than {Longest} characters");
    }

    public static string TypeOf(object? value) => value switch
    {
        null => "nil",
        string => "string",
        bool => "bool",
        double => "float64",
        long => "int",
        Labels or IDictionary => "map[string]string",
        GoObject known => known.Type,
        GoMarkup => "template.HTML",
        TimeSpan => "time.Duration",
        _ => "struct",
    };

    /// <summary><c>printf</c>: a verb that does not suit its value is printed as Go prints it, so that the mistake is seen.</summary>
    public static string Printf(string format, IReadOnlyList<object?> arguments)
    {
        var text = new StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            CheckLength(text.Length);
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            int start = ++i;
            while (i < format.Length && format[i] is '-' or '+' or '#' or ' ' or '0')
                i++;
            string flags = format[start..i];
            int? width = ReadNumber(format, ref i);
            int? precision = null;
            if (i < format.Length && format[i] == '.')
            {
                i++;
                precision = ReadNumber(format, ref i) ?? 0;
            }
            if (i == format.Length)
            {
                text.Append("%!(NOVERB)");
                break;
            }
            if (format[i] == '%')
                text.Append('%');
            else if (next >= arguments.Count)
                text.Append("%!").Append(format[i]).Append("(MISSING)");
            else
                text.Append(Pad(Verb(format[i], arguments[next++], flags, precision), flags, width));
        }
        CheckLength(text.Length);
        if (next < arguments.Count)
            text.Append("%!(EXTRA ").Append(Join(", ", arguments.Skip(next).Select(a => $"{TypeOf(a)}={Print(a)}"))).Append(')');
        return text.ToString();
    }

    private static int? ReadNumber(string format, ref int i)
    {
        int start = i;
        while (i < format.Length && char.IsAsciiDigit(format[i]))
            i++;
        return i == start ? null : Math.Min(1000, int.Parse(format.AsSpan(start, Math.Min(4, i - start)), CultureInfo.InvariantCulture));
    }

    private static string Verb(char verb, object? value, string flags, int? precision)
    {
        string? text = (verb, value) switch
        {
            ('v', double number) => FloatText.FormatGeneral(number),
            ('v', _) => Print(value),
            ('T', _) => TypeOf(value),
            ('s', string s) => Cut(s, precision),
            ('q', string s) => Labels.Quote(Cut(s, precision)),
            ('x', string s) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(s)),
            ('X', string s) => Convert.ToHexString(Encoding.UTF8.GetBytes(s)),
            ('s' or 'q', GoList { Type: "[]string" } list) => $"[{Join(" ", list.Items.Select(i => Verb(verb, i, "", null)))}]",
            ('s', Labels or IDictionary or GoObject or GoMarkup or TimeSpan) => Print(value),
            ('q', GoObject or GoMarkup or TimeSpan) => Labels.Quote(Print(value)),
            ('d', long whole) => whole.ToString(CultureInfo.InvariantCulture),
            ('d', GoName name) => name.Number.ToString(CultureInfo.InvariantCulture),
            ('d', TimeSpan span) => (span.Ticks * 100).ToString(CultureInfo.InvariantCulture),
            ('x' or 'X', long whole) => (whole < 0 ? "-" : "")
                + Math.Abs(whole).ToString(verb.ToString(), CultureInfo.InvariantCulture),
            ('o' or 'b', long whole) => (whole < 0 ? "-" : "") + Convert.ToString(Math.Abs(whole), verb == 'o' ? 8 : 2),
            ('c', long whole) when Rune.IsValid((int)whole) => new Rune((int)whole).ToString(),
            ('q', long whole) when Rune.IsValid((int)whole) => $"'{new Rune((int)whole)}'",
            ('U', long whole) => $"U+{whole:X4}",
            ('t', bool flag) => flag ? "true" : "false",
            ('f' or 'F', double number) =>
                double.IsFinite(number) ? number.ToString("F" + (precision ?? 6), CultureInfo.InvariantCulture) : FloatText.Format(number),
            ('e', double number) => double.IsFinite(number) ? Exponent(number, precision ?? 6) : FloatText.Format(number),
            ('g', double number) => precision is { } digits ? Significant(number, digits) : FloatText.FormatGeneral(number),
            ('E' or 'G', double number) => Verb(char.ToLowerInvariant(verb), number, "", precision).Replace('e', 'E'),
            _ => null,
        };
        if (text is null)
            return value is null ? $"%!{verb}(<nil>)" : $"%!{verb}({TypeOf(value)}={Print(value)})";
        return flags.Contains('+', StringComparison.Ordinal) && value is double or long && !text.StartsWith('-') && !text.StartsWith('+')
            ? "+" + text
            : text;
    }

    /// <summary>No more than so many characters.</summary>
    private static string Cut(string text, int? most) =>
        most is { } runes && runes < text.Length ? string.Concat(text.EnumerateRunes().Take(runes)) : text;

    private static string Exponent(double value, int digits)
    {
        string[] parts = value.ToString("E" + digits, CultureInfo.InvariantCulture).Split('E');
        int power = int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{parts[0]}e{(power < 0 ? '-' : '+')}{Math.Abs(power):00}");
    }

    /// <summary>So many significant digits, trailing zeros dropped, as <c>%.4g</c>.</summary>
    public static string Significant(double value, int digits)
    {
        if (!double.IsFinite(value) || value == 0)
            return FloatText.Format(value);
        digits = Math.Max(1, digits);
        string exponent = Exponent(value, digits - 1);
        int e = exponent.IndexOf('e', StringComparison.Ordinal);
        int power = int.Parse(exponent.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (power < -4 || power >= digits)
        {
            string mantissa = exponent[..e].Contains('.', StringComparison.Ordinal)
                ? exponent[..e].TrimEnd('0').TrimEnd('.')
                : exponent[..e];
            return mantissa + exponent[e..];
        }
        string plain = value.ToString("F" + Math.Max(0, digits - 1 - power), CultureInfo.InvariantCulture);
        return plain.Contains('.', StringComparison.Ordinal) ? plain.TrimEnd('0').TrimEnd('.') : plain;
    }

    private static string Pad(string text, string flags, int? width)
    {
        int missing = (width ?? 0) - text.EnumerateRunes().Count();
        if (missing <= 0)
            return text;
        if (flags.Contains('-', StringComparison.Ordinal))
            return text + new string(' ', missing);
        if (!flags.Contains('0', StringComparison.Ordinal))
            return new string(' ', missing) + text;
        string zeros = new('0', missing);
        return text is ['-' or '+', ..] ? text[0] + zeros + text[1..] : zeros + text;
    }
}
