using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Metrics.Formats.PrometheusText;

namespace Metrics.Tests.Formats;

/// <summary>Reads a sample line by regular expressions: slow and plain, straight from the grammar.</summary>
internal static class SlowExposition
{
    private const string Name = "[a-zA-Z_:][a-zA-Z0-9_:]*";
    private const string LabelName = "[a-zA-Z_][a-zA-Z0-9_]*";
    private const string Quoted = "\"(?:[^\"\\\\]|\\\\[\\s\\S])*\"";
    private const string Number = "[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?";
    private const string Value = "(?<value>" + Number + "|[nN][aA][nN]|[+-]?(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?))";

    private static readonly Regex s_text =
        Line("[ \t]*", "[ \t]+", "[ \t]*", "(?:[ \t]+(?<time>-?[0-9]{1,18}))?[ \t]*", trailingComma: true);
    private static readonly Regex s_openMetrics = Line(
        "", " ", "", "(?: (?<time>" + Number + "))?(?: # (?<exemplar>\\{.*))?", trailingComma: false);

    private static readonly Regex s_exemplar = new(
        @"\A\{(?<labels>(?:(?:" + LabelName + "|" + Quoted + ")=" + Quoted + "(?:, ?(?:" + LabelName + "|" + Quoted + ")=" + Quoted
            + @")*)?)\} " + Value + "(?: (?<time>" + Number + @"))?\z",
        RegexOptions.CultureInvariant | RegexOptions.Singleline);

    public static string? Read(byte[] line, ExpositionFormat format)
    {
        // One character a byte, so that what is not UTF-8 can be looked at too.
        Match match = (format == ExpositionFormat.Text ? s_text : s_openMetrics).Match(Encoding.Latin1.GetString(line));
        if (!match.Success)
            return null;
        string name = match.Groups["name"].Value;
        var labels = new List<(string, string)> { ("__name__", name) };
        foreach (Capture capture in match.Groups["pair"].Captures)
        {
            (string? key, string? value) = Split(capture.Value);
            if (value is null)
            {
                if (labels[0].Item2.Length > 0 || key is null or "")
                    return null;
                labels[0] = ("__name__", key);
                continue;
            }
            if (key is null || Unquote(value) is not { } text || key == "__name__")
                return null;
            labels.Add((key, text));
        }
        if (labels[0].Item2.Length == 0 || !TryNumber(match.Groups["value"].Value, out double number))
            return null;
        string time = "-";
        if (match.Groups["time"].Success && Time(match.Groups["time"].Value, format) is not { } stamp)
            return null;
        if (match.Groups["time"].Success)
            time = Time(match.Groups["time"].Value, format)!;
        if (match.Groups["exemplar"].Success && !IsExemplar(match.Groups["exemplar"].Value))
            return null;
        return string.Join('|', labels.Select(l => $"{l.Item1}={l.Item2}")) + $" {BitConverter.DoubleToInt64Bits(number):x} {time}";
    }

    private static bool IsExemplar(string text)
    {
        Match match = s_exemplar.Match(text);
        if (!match.Success
            || !TryNumber(match.Groups["value"].Value, out _)
            || (match.Groups["time"].Success && Time(match.Groups["time"].Value, ExpositionFormat.OpenMetrics) is null))
            return false;
        foreach (Match pair in Regex.Matches(match.Groups["labels"].Value, "(" + LabelName + "|" + Quoted + ")=(" + Quoted + ")"))
        {
            string? key = pair.Groups[1].Value.StartsWith('"') ? Unquote(pair.Groups[1].Value) : pair.Groups[1].Value;
            if (key is null or "__name__" || Unquote(pair.Groups[2].Value) is null)
                return false;
        }
        return true;
    }

    private static Regex Line(string lead, string blank, string free, string tail, bool trailingComma)
    {
        string pair = $"(?<pair>(?:{LabelName}|{Quoted}){free}={free}{Quoted}|{Quoted})";
        string comma = trailingComma ? $"{free},{free}" : ", ?";
        string last = trailingComma ? $"(?:{free},)?" : "";
        string body = $"\\{{{free}(?:{pair}(?:{comma}{pair})*{last}{(trailingComma ? "|," : "")})?{free}\\}}";
        string series =
            $"(?:(?<name>{Name})(?:{free}{body}{(trailingComma ? "[ \t]*" : " ")}|{blank})|{body}{(trailingComma ? "[ \t]*" : " ")})";
        return new Regex($"\\A{lead}{series}{Value}{tail}\\z", RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    private static (string? Key, string? Value) Split(string pair)
    {
        Match match =
            Regex.Match(pair, "\\A(" + LabelName + "|" + Quoted + ")(?:[ \t]*=[ \t]*(" + Quoted + "))?\\z", RegexOptions.Singleline);
        string key = match.Groups[1].Value;
        return (key.StartsWith('"') ? Unquote(key) : key, match.Groups[2].Success ? match.Groups[2].Value : null);
    }

    private static string? Unquote(string quoted)
    {
        string unescaped = Regex.Replace(quoted[1..^1], "\\\\(\\\\|\"|n)", m => m.Groups[1].Value == "n" ? "\n" : m.Groups[1].Value);
        try
        {
            _ = new UTF8Encoding(false, true).GetString(Encoding.Latin1.GetBytes(quoted[1..^1]));
            return Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(unescaped));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string? Time(string text, ExpositionFormat format)
    {
        if (format == ExpositionFormat.Text)
            return long.Parse(text, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        double seconds = double.Parse(text, CultureInfo.InvariantCulture);
        return Math.Abs(seconds) > 9e15 ? null : ((long)Math.Floor((seconds * 1000) + 1e-6)).ToString(CultureInfo.InvariantCulture);
    }

    private static bool TryNumber(string text, out double number)
    {
        string plain = text.TrimStart('+', '-').ToLowerInvariant();
        if (plain is "inf" or "infinity")
        {
            number = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }
        if (plain == "nan")
        {
            number = double.NaN;
            return text.Length == 3;
        }
        number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number);
    }
}
