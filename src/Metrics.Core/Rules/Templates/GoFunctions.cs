using System.Collections;
using System.Globalization;
using System.Net;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Text;

namespace Metrics.Rules.Templates;

/// <summary>The functions of Go's templates and those that Prometheus adds.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/template_reference/#functions</remarks>
internal static class GoFunctions
{
    private delegate object? Function(List<object?> arguments, TemplateScope scope);

    private static readonly Dictionary<string, (int Least, int Most, Function Call)> s_functions = new()
    {
        ["and"] = (1, 99, (a, _) => a.Find(v => !IsTrue(v)) is { } falsy ? falsy : a.Exists(v => !IsTrue(v)) ? null : a[^1]),
        ["or"] = (1, 99, (a, _) => a.Find(IsTrue) ?? a[^1]),
        ["not"] = (1, 1, (a, _) => !IsTrue(a[0])),
        ["eq"] = (2, 99, (a, _) => a.Skip(1).Any(b => Same(a[0], b))),
        ["ne"] = (2, 2, (a, _) => !Same(a[0], a[1])),
        ["lt"] = (2, 2, (a, _) => Order(a[0], a[1]) is < 0),
        ["le"] = (2, 2, (a, _) => Order(a[0], a[1]) is <= 0),
        ["gt"] = (2, 2, (a, _) => Order(a[0], a[1]) is > 0),
        ["ge"] = (2, 2, (a, _) => Order(a[0], a[1]) is >= 0),
        ["len"] =
            (1, 1, (a, _) =>
                (long)(a[0] switch { string s => System.Text.Encoding.UTF8.GetByteCount(s), Labels l => l.Count, ICollection c => c.Count,
                    var v => throw new TemplateException($"len of type {GoFormat.TypeOf(v)}") })),
        ["index"] = (2, 9, (a, _) => a.Skip(1).Aggregate(a[0], Index)),
        ["print"] = (0, 99, (a, _) => string.Concat(a.Select(GoFormat.Print))),
        ["println"] = (0, 99, (a, _) => string.Join(' ', a.Select(GoFormat.Print)) + "\n"),
        ["printf"] = (1, 99, (a, _) => GoFormat.Printf(Text(a[0]), a.GetRange(1, a.Count - 1))),
        ["html"] = (1, 99, (a, _) => WebUtility.HtmlEncode(string.Concat(a.Select(GoFormat.Print)))),
        ["urlquery"] = (1, 99, (a, _) => Uri.EscapeDataString(string.Concat(a.Select(GoFormat.Print)))),
        ["urlQueryEscape"] = (1, 1, (a, _) => Uri.EscapeDataString(Text(a[0]))),

        ["query"] = (1, 1, (a, scope) => scope.Ask(Text(a[0])).Cast<object?>().ToList()),
        ["first"] =
            (1, 1, (a, _) => Samples(a[0]) is [var first, ..]
                ? first
                : throw new TemplateException("first() called on vector with no elements")),
        ["label"] = (2, 2, (a, _) => Sample(a[1]).Labels[Text(a[0])]),
        ["value"] = (1, 1, (a, _) => Sample(a[0]).Sample.Value),
        ["strvalue"] = (1, 1, (a, _) => Sample(a[0]).Labels["__value__"]),
        ["sortByLabel"] =
            (2, 2, (a, _) => Samples(a[1]).Cast<VectorElement>().OrderBy(e => e.Labels[Text(a[0])], StringComparer.Ordinal).Cast<object?>()
                .ToList()),
        ["args"] = (0, 99, (a, _) => a.Select((v, i) => (Key: $"arg{i}", Value: v)).ToDictionary(v => v.Key, v => v.Value)),

        ["reReplaceAll"] = (3, 3, (a, _) => Regex(Text(a[0])).Replace(Text(a[2]), Text(a[1]))),
        ["match"] = (2, 2, (a, _) => Regex(Text(a[0])).IsMatch(Text(a[1]))),
        ["title"] = (1, 1, (a, _) => Title(Text(a[0]))),
        ["toUpper"] = (1, 1, (a, _) => Text(a[0]).ToUpperInvariant()),
        ["toLower"] = (1, 1, (a, _) => Text(a[0]).ToLowerInvariant()),
        ["safeHtml"] = (1, 1, (a, _) => Text(a[0])),
        ["stripPort"] = (1, 1, (a, _) => StripPort(Text(a[0]))),
        ["stripDomain"] = (1, 1, (a, _) => StripDomain(Text(a[0]))),
        ["graphLink"] = (1, 1, (a, _) => $"/graph?g0.expr={Uri.EscapeDataString(Text(a[0]))}&g0.tab=0"),
        ["tableLink"] = (1, 1, (a, _) => $"/graph?g0.expr={Uri.EscapeDataString(Text(a[0]))}&g0.tab=1"),
        ["externalURL"] = (0, 0, (_, scope) => scope.ExternalUrl),
        ["pathPrefix"] =
            (0, 0, (_, scope) => Uri.TryCreate(scope.ExternalUrl, UriKind.Absolute, out Uri? url) ? url.AbsolutePath.TrimEnd('/') : ""),

        ["humanize"] = (1, 1, (a, _) => TemplateFunctions.Humanize(Number(a[0]))),
        ["humanize1024"] = (1, 1, (a, _) => TemplateFunctions.Humanize1024(Number(a[0]))),
        ["humanizeDuration"] = (1, 1, (a, _) => TemplateFunctions.HumanizeDuration(Number(a[0]))),
        ["humanizePercentage"] = (1, 1, (a, _) => TemplateFunctions.HumanizePercentage(Number(a[0]))),
        ["humanizeTimestamp"] = (1, 1, (a, _) => TemplateFunctions.HumanizeTimestamp(Number(a[0]))),
        ["toTime"] = (1, 1, (a, _) => DateTimeOffset.UnixEpoch.AddSeconds(Number(a[0]))),
        ["parseDuration"] =
            (1, 1, (a, _) => Duration.TryParse(Text(a[0]), out TimeSpan span)
                ? span.TotalSeconds
                : throw new TemplateException($"not a valid duration string: \"{Text(a[0])}\"")),
        ["now"] = (0, 0, (_, scope) => scope.At / 1000.0),
    };

    public static bool Knows(string name) => s_functions.ContainsKey(name);

    public static object? Call(string name, List<object?> arguments, TemplateScope scope)
    {
        (int min, int max, Function call) = s_functions[name];
        if (arguments.Count < min || arguments.Count > max)
            throw new TemplateException($"wrong number of args for {name}: want {(min == max ? min : $"at least {min}")} got "
                + $"{arguments.Count}");
        try
        {
            return call(arguments, scope);
        }
        catch (ArgumentException e)
        {
            throw new TemplateException($"error calling {name}: {e.Message}");
        }
    }

    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        string text => text.Length > 0,
        double number => number != 0,
        long whole => whole != 0,
        Labels labels => labels.Count > 0,
        ICollection list => list.Count > 0,
        _ => true,
    };

    private static bool Same(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (string x, string y) => x == y,
        (bool x, bool y) => x == y,
        _ when IsNumber(a) && IsNumber(b) => Number(a) == Number(b),
        _ => throw new TemplateException("incompatible types for comparison"),
    };

    private static int? Order(object? a, object? b)
    {
        if (a is string x && b is string y)
            return string.CompareOrdinal(x, y);
        if (!IsNumber(a) || !IsNumber(b))
            throw new TemplateException("incompatible types for comparison");
        (double left, double right) = (Number(a), Number(b));
        return double.IsNaN(left) || double.IsNaN(right) ? null : left.CompareTo(right);
    }

    private static bool IsNumber(object? value) => value is double or long;

    private static double Number(object? value) => value switch
    {
        double number => number,
        long whole => whole,
        string text when FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out double number) => number,
        _ => throw new TemplateException($"can't convert {GoFormat.TypeOf(value)} to float: {GoFormat.Print(value)}"),
    };

    private static string Text(object? value) =>
        value as string ?? throw new TemplateException($"wrong type for value; expected string; got {GoFormat.TypeOf(value)}");

    private static List<object?> Samples(object? value) =>
        value as List<object?> ?? throw new TemplateException("expected the result of query");

    private static VectorElement Sample(object? value) =>
        value is VectorElement element ? element : throw new TemplateException("expected a sample of a query's result");

    private static object? Index(object? of, object? key) => (of, key) switch
    {
        (Labels labels, string name) => labels[name],
        (IDictionary map, string name) => map[name],
        (IList list, long place) when place >= 0 && place < list.Count => list[(int)place],
        (IList, long place) => throw new TemplateException($"error calling index: index out of range: {place}"),
        _ => throw new TemplateException($"can't index item of type {GoFormat.TypeOf(of)}"),
    };

    private static Re2 Regex(string pattern) => new(pattern, whole: false);

    private static string Title(string text)
    {
        char[] letters = text.ToCharArray();
        for (int i = 0; i < letters.Length; i++)
        {
            if (i == 0 || !(char.IsLetterOrDigit(letters[i - 1]) || letters[i - 1] is '_' or '\''))
                letters[i] = char.ToUpper(letters[i], CultureInfo.InvariantCulture);
        }
        return new string(letters);
    }

    private static string StripPort(string address)
    {
        int colon = address.LastIndexOf(':');
        bool isSix = address.Count(c => c == ':') > 1 && !address.StartsWith('[');
        if (colon < 0 || isSix)
            return address;
        return address[..colon].Trim('[', ']');
    }

    private static string StripDomain(string address)
    {
        int colon = address.LastIndexOf(':');
        string host = colon < 0 ? address : address[..colon], port = colon < 0 ? "" : address[colon..];
        if (IPAddress.TryParse(host, out _))
            return address;
        int dot = host.IndexOf('.', StringComparison.Ordinal);
        return (dot < 0 ? host : host[..dot]) + port;
    }
}
