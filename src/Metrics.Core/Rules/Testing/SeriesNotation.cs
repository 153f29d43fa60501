using System.Globalization;
using System.Text.RegularExpressions;
using Metrics.Model;
using Metrics.Query;
using Metrics.Series;

namespace Metrics.Rules.Testing;

/// <summary>One place of a series in the expanding notation.</summary>
/// <param name="Value">The value; null where there is no sample.</param>
/// <param name="IsHistogram">Whether a native histogram stands there, which is not read.</param>
public readonly record struct NotedValue(double? Value, bool IsHistogram = false);

/// <summary>
/// The notation in which tests write series: <c>up{job="a"} 0+1x3 _ 5 _x2 stale</c>, one value an interval; <c>a+bxn</c> is a, a+b, …
/// a+n·b.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series</remarks>
public static partial class SeriesNotation
{
    /// <summary>Places that one line may expand to.</summary>
    private const int MaxPlaces = 10_000_000;

    /// <summary>Reads the labels: a selector with equality alone, or <c>{}</c>.</summary>
    /// <exception cref="FormatException">It is not; the message says why.</exception>
    public static Labels ReadLabels(string text)
    {
        if (text.Trim() is "{}" or "")
            return Labels.Empty;
        if (!VectorSelector.TryParse(text, out VectorSelector? selector, out QueryError? error))
            throw new FormatException($"{text}: {error}");
        if (selector!.Matchers.FirstOrDefault(m => m.Kind != MatchKind.Equal) is { } other)
            throw new FormatException($"{text}: {other} is no label; a series is written with '=' alone");
        return Labels.TryCreate([.. selector.Matchers.Select(m => new Label(m.Name, m.Value))], out Labels? labels, out string? repeated)
            ? labels!
            : throw new FormatException($"{text}: the label '{repeated}' is given twice");
    }

    /// <summary>Parts a line into its labels and the rest.</summary>
    public static (string Labels, string Values) Split(string line)
    {
        int end = 0;
        while (end < line.Length && line[end] is not (' ' or '\t' or '{'))
            end++;
        if (end < line.Length && line[end] == '{')
            end = EndOfBraces(line, end);
        return (line[..end], line[end..].Trim());
    }

    private static int EndOfBraces(string line, int at)
    {
        char quote = '\0';
        for (int i = at + 1; i < line.Length; i++)
        {
            if (quote != '\0')
            {
                if (line[i] == '\\' && quote != '`')
                    i++;
                else if (line[i] == quote)
                    quote = '\0';
            }
            else if (line[i] is '"' or '\'' or '`')
            {
                quote = line[i];
            }
            else if (line[i] == '}')
            {
                return i + 1;
            }
        }
        return line.Length;
    }

    /// <summary>Expands the values.</summary>
    /// <exception cref="FormatException">A value cannot be read; the message names it.</exception>
    public static List<NotedValue> ReadValues(string text)
    {
        var values = new List<NotedValue>();
        foreach (Match word in Words().Matches(text))
        {
            Add(values, word.Value);
            if (values.Count > MaxPlaces)
                throw new FormatException($"the values expand to more than {MaxPlaces} places");
        }
        return values;
    }

    private static void Add(List<NotedValue> values, string word)
    {
        if (word.StartsWith("{{", StringComparison.Ordinal))
        {
            Match times = HistogramTimes().Match(word);
            Repeat(values, new NotedValue(null, true), times.Success ? Count(times.Groups[1]) + 1 : 1);
            return;
        }
        if (word == "stale")
        {
            values.Add(new NotedValue(StaleMarker.Value));
            return;
        }
        Match missing = Missing().Match(word);
        if (missing.Success)
        {
            Repeat(values, default, missing.Groups[1].Success ? Count(missing.Groups[1]) : 1);
            return;
        }
        Match series = Steps().Match(word);
        if (!series.Success)
            throw new FormatException($"'{word}' is no value; values are numbers, '_', 'stale', a+bxn, a-bxn or axn");
        double start = Number(series.Groups["start"].Value);
        double step = series.Groups["step"].Success ? Number(series.Groups["step"].Value) : 0;
        int count = series.Groups["times"].Success ? Count(series.Groups["times"]) : 0;
        for (int i = 0; i <= count; i++)
        {
            values.Add(new NotedValue(start));
            start += step;
        }
    }

    private static void Repeat(List<NotedValue> values, NotedValue value, int count)
    {
        for (int i = 0; i < count; i++)
            values.Add(value);
    }

    private static int Count(Group digits) =>
        int.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= MaxPlaces
            ? count
            : throw new FormatException($"'{digits.Value}' repetitions are too many");

    /// <summary>A number, or a duration in seconds.</summary>
    private static double Number(string text)
    {
        double sign = text.StartsWith('-') ? -1 : 1;
        string bare = text.TrimStart('+', '-');
        if (Formats.FloatText.TryParse(System.Text.Encoding.ASCII.GetBytes(bare), out double number))
            return sign * number;
        return Duration.TryParse(bare, out TimeSpan duration)
            ? sign * duration.TotalSeconds
            : throw new FormatException($"'{text}' is no number");
    }

    [GeneratedRegex(@"\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+")]
    private static partial Regex Words();

    [GeneratedRegex(@"x(\d+)$")]
    private static partial Regex HistogramTimes();

    [GeneratedRegex(@"^_(?:x(\d+))?$")]
    private static partial Regex Missing();

    [GeneratedRegex(@"^(?<start>[+-]?(?:\d[\d.]*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|nan|(?:\d+(?:ms|[smhdwy]))+))(?<step>[+-](?:\d[\d.]*(?:[eE][+-]?\d+)?|\.\d+|inf|nan|(?:\d+(?:ms|[smhdwy]))+))?(?:x(?<times>\d+))?$", RegexOptions.IgnoreCase)]
    private static partial Regex Steps();
}
