using System.Globalization;
using System.Text;
using static Metrics.Rules.Templates.GoFunctions;

namespace Metrics.Rules.Templates;

/// <summary>The functions that Alertmanager adds to those of Go's templates.</summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/notifications/#functions</remarks>
internal static class AlertmanagerFunctions
{
    public static IReadOnlyDictionary<string, GoFunction> All { get; } = new Dictionary<string, GoFunction>
    {
        ["toUpper"] = new(1, 1, (a, _) => AsText(a[0]).ToUpperInvariant()),
        ["toLower"] = new(1, 1, (a, _) => AsText(a[0]).ToLowerInvariant()),
        ["title"] = new(1, 1, (a, _) => Title(AsText(a[0]))),
        ["trimSpace"] = new(1, 1, (a, _) => AsText(a[0]).Trim()),
        ["join"] = new(2, 2, (a, _) => Join(a, GoLibrary.MessageText)),
        ["match"] = new(2, 2, (a, _) => Regex(AsText(a[0])).IsMatch(AsText(a[1]))),
        ["reReplaceAll"] = new(3, 3, (a, _) => Replace(a, GoLibrary.MessageText)),
        ["stringSlice"] = new(0, 99, (a, _) => GoList.Of(a.Select(AsText).ToList())),
        ["safeHtml"] = new(1, 1, (a, _) => new GoMarkup(AsText(a[0]))),
        ["safeUrl"] = new(1, 1, (a, _) => new GoMarkup(AsText(a[0]))),
        ["urlUnescape"] = new(1, 1, (a, _) => Uri.UnescapeDataString(AsText(a[0]).Replace('+', ' '))),
        ["date"] = new(2, 2, (a, _) => Time(a[1]).Format(AsText(a[0]))),
        ["tz"] = new(2, 2, (a, _) => Time(a[1]).In(Zone(AsText(a[0])))),
        ["since"] = new(1, 1, (a, scope) => DateTimeOffset.FromUnixTimeMilliseconds(scope.At) - Time(a[0]).At),
        ["humanizeDuration"] = new(
            1, 1, (a, _) => TemplateFunctions.HumanizeDuration(a[0] is TimeSpan span ? span.TotalSeconds : Number(a[0]))),
        ["toJson"] = new(1, 1, (a, _) => Json(a[0])),
    };

    private static GoTime Time(object? value) => value as GoTime
        ?? throw new TemplateException($"wrong type for value; expected time.Time; got {GoFormat.TypeOf(value)}");

    private static TimeZoneInfo Zone(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone)
        ? zone
        : throw new TemplateException($"error calling tz: unknown time zone {name}");

    /// <summary>Each word with a large letter before small ones. A point or an apostrophe within a word is part of it.</summary>
    private static string Title(string text)
    {
        var title = new StringBuilder(text.Length);
        bool inWord = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            _ = (inWord, c) switch
            {
                (true, _) => title.Append(char.ToLowerInvariant(c)),
                (_, 'ß') => title.Append("Ss"),
                _ => title.Append(char.ToUpperInvariant(c)),
            };
            bool isMiddle = c is '.' or '\'' or ':' or '·' or '’' && inWord && i + 1 < text.Length && char.IsLetter(text[i + 1]);
            // A digit begins a word, but its first letter is still to come.
            inWord = char.IsLetter(c) || (inWord && (isMiddle || c == '_' || char.IsDigit(c)));
        }
        return title.ToString();
    }

    private static string Json(object? value)
    {
        GoFormat.CheckDepth();
        return value switch
        {
            null => "null",
            string text => GoEscape.Json(text),
            GoMarkup markup => GoEscape.Json(markup.Text),
            bool or long or double => GoFormat.Print(value),
            TimeSpan span => (span.Ticks * 100).ToString(CultureInfo.InvariantCulture),
            GoName name => name.Number.ToString(CultureInfo.InvariantCulture),
            GoTime time => GoEscape.Json(time.Format("2006-01-02T15:04:05.999999999Z07:00")),
            GoMap map => $"{{{GoFormat.Join(",", map.Sorted.Select(t => $"{GoEscape.Json(t.Key)}:{GoEscape.Json(t.Value)}"))}}}",
            GoList list => $"[{GoFormat.Join(",", list.Items.Select(Json))}]",
            // Alertmanager's data has names as in its webhooks; pairs have not.
            GoStruct pair when pair.Type == "template.Pair" => Json(pair, name => name),
            GoStruct data => Json(data, name => char.ToLowerInvariant(name[0]) + name[1..]),
            _ => throw new TemplateException($"error calling toJson: unsupported type: {GoFormat.TypeOf(value)}"),
        };
    }

    private static string Json(GoStruct data, Func<string, string> name) =>
        $"{{{GoFormat.Join(",", data.Fields.Select(f => $"{GoEscape.Json(name(f.Name))}:{Json(f.Value)}"))}}}";
}
