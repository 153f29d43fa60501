using System.Collections;
using System.Text;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Rules.Templates;

/// <summary>The functions of Go's templates, and what functions do with values.</summary>
/// <remarks>https://pkg.go.dev/text/template#hdr-Functions</remarks>
internal static class GoFunctions
{
    private const int Many = 99;

    /// <summary><c>and</c> and <c>or</c> are called by who runs a template, since they look at no more arguments than they need.</summary>
    public static IReadOnlyDictionary<string, GoFunction> Common { get; } = new Dictionary<string, GoFunction>
    {
        ["and"] = new(1, Many, (a, _) => a.TrueForAll(IsTrue) ? a[^1] : a.Find(v => !IsTrue(v))),
        ["or"] = new(1, Many, (a, _) => a.Find(IsTrue) ?? a[^1]),
        ["not"] = new(1, 1, (a, _) => !IsTrue(a[0])),
        ["eq"] = new(2, Many, (a, _) => a.Skip(1).Any(b => Same(a[0], b))),
        ["ne"] = new(2, 2, (a, _) => !Same(a[0], a[1])),
        ["lt"] = new(2, 2, (a, _) => Order(a[0], a[1]) is < 0),
        ["le"] = new(2, 2, (a, _) => Order(a[0], a[1]) is <= 0),
        ["gt"] = new(2, 2, (a, _) => Order(a[0], a[1]) is > 0),
        ["ge"] = new(2, 2, (a, _) => Order(a[0], a[1]) is >= 0),
        ["len"] = new(1, 1, (a, _) => Length(a[0])),
        ["index"] = new(1, 9, (a, _) => a.Skip(1).Aggregate(a[0], Index)),
        ["slice"] = new(1, 4, (a, _) => Slice(a)),
        ["print"] = new(0, Many, (a, _) => Joined(a)),
        ["println"] = new(0, Many, (a, _) => GoFormat.Join(" ", a.Select(GoFormat.Print)) + "\n"),
        ["printf"] = new(1, Many, (a, _) => GoFormat.Printf(AsText(a[0]), a.GetRange(1, a.Count - 1))),
        ["html"] = new(1, Many, (a, _) => GoEscape.Html(Joined(a))),
        ["js"] = new(1, Many, (a, _) => GoEscape.Script(Joined(a))),
        ["urlquery"] = new(1, Many, (a, _) => GoEscape.Query(Joined(a))),
    };

    public static IReadOnlyDictionary<string, GoFunction> Merge(params IEnumerable<IReadOnlyDictionary<string, GoFunction>> all) =>
        all.SelectMany(f => f).ToDictionary(f => f.Key, f => f.Value);

    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        string text => text.Length > 0,
        double number => number != 0,
        long whole => whole != 0,
        Labels labels => labels.Count > 0,
        ICollection list => list.Count > 0,
        GoMap map => map.Count > 0,
        GoList list => list.Items.Count > 0,
        GoName name => name.Number != 0,
        TimeSpan span => span != TimeSpan.Zero,
        GoMarkup markup => markup.Text.Length > 0,
        _ => true,
    };

    private static bool Same(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (string or GoMarkup, string or GoMarkup) => GoFormat.Print(a) == GoFormat.Print(b),
        (bool x, bool y) => x == y,
        (GoTime x, GoTime y) => x.At == y.At,
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

    private static bool IsNumber(object? value) => value is double or long or GoName or TimeSpan;

    public static double Number(object? value) => value switch
    {
        double number => number,
        long whole => whole,
        GoName name => name.Number,
        TimeSpan span => span.Ticks * 100.0,
        string text when FloatText.TryParse(Encoding.UTF8.GetBytes(text), out double number) => number,
        _ => throw new TemplateException($"can't convert {GoFormat.TypeOf(value)} to float: {GoFormat.Print(value)}"),
    };

    public static long Whole(object? value) => value switch
    {
        long whole => whole,
        GoName name => name.Number,
        _ => throw new TemplateException($"wrong type for value; expected int; got {GoFormat.TypeOf(value)}"),
    };

    public static string AsText(object? value) =>
        value as string ?? throw new TemplateException($"wrong type for value; expected string; got {GoFormat.TypeOf(value)}");

    /// <summary>A list of texts.</summary>
    public static IEnumerable<string> Texts(object? value) => value is GoList { Type: "[]string" } list
        ? list.Items.Cast<string>()
        : throw new TemplateException($"wrong type for value; expected []string; got {GoFormat.TypeOf(value)}");

    public static Re2 Regex(string pattern) => new(pattern, whole: false);

    /// <summary><c>reReplaceAll</c>, which stops as soon as its text is too long.</summary>
    public static string Replace(List<object?> arguments, int longest) =>
        Regex(AsText(arguments[0])).Replace(AsText(arguments[2]), AsText(arguments[1]), longest)
            ?? throw GoLibrary.TooLong("reReplaceAll", longest);

    /// <summary><c>join</c>, which is not begun when its text is too long.</summary>
    public static string Join(List<object?> arguments, int longest)
    {
        string separator = AsText(arguments[0]);
        List<string> texts = [.. Texts(arguments[1])];
        long length = texts.Sum(t => (long)t.Length) + ((long)separator.Length * Math.Max(0, texts.Count - 1));
        return length <= longest ? string.Join(separator, texts) : throw GoLibrary.TooLong("join", longest);
    }

    /// <summary>As <c>fmt.Sprint</c>: a blank between two that are no texts.</summary>
    private static string Joined(List<object?> values)
    {
        var text = new StringBuilder();
        for (int i = 0; i < values.Count; i++)
        {
            if (i > 0 && values[i] is not string && values[i - 1] is not string)
                text.Append(' ');
            text.Append(GoFormat.Print(values[i]));
            GoFormat.CheckLength(text.Length);
        }
        return text.ToString();
    }

    private static long Length(object? value) => value switch
    {
        string s => Encoding.UTF8.GetByteCount(s),
        GoMarkup markup => Encoding.UTF8.GetByteCount(markup.Text),
        Labels l => l.Count,
        ICollection c => c.Count,
        GoMap map => map.Count,
        GoList list => list.Items.Count,
        _ => throw new TemplateException($"len of type {GoFormat.TypeOf(value)}"),
    };

    private static object? Index(object? of, object? key) => (of, key) switch
    {
        (Labels labels, string name) => labels[name],
        (GoMap map, string name) => map[name],
        (IDictionary map, string name) => map[name],
        (IList list, long place) => list[Place(place, list.Count)],
        (GoList list, long place) => list.Items[Place(place, list.Items.Count)],
        (string text, long place) => Byte(Encoding.UTF8.GetBytes(text), place),
        _ => throw new TemplateException($"can't index item of type {GoFormat.TypeOf(of)}"),
    };

    private static object Byte(byte[] bytes, long place) => (long)bytes[Place(place, bytes.Length)];

    private static int Place(long place, int count) => place >= 0 && place < count
        ? (int)place
        : throw new TemplateException($"error calling index: index out of range: {place}");

    private static object Slice(List<object?> arguments)
    {
        byte[] bytes = arguments[0] is string text ? Encoding.UTF8.GetBytes(text) : [];
        int count = arguments[0] switch
        {
            string => bytes.Length,
            GoList list => list.Items.Count,
            var other => throw new TemplateException($"can't slice item of type {GoFormat.TypeOf(other)}"),
        };
        long from = arguments.Count > 1 ? Whole(arguments[1]) : 0, to = arguments.Count > 2 ? Whole(arguments[2]) : count;
        if (from < 0 || to > count || from > to || (arguments.Count > 3 && (arguments[0] is string || Whole(arguments[3]) < to)))
            throw new TemplateException($"error calling slice: index out of range: {from}:{to}");
        return arguments[0] is GoList all
            ? new GoList(all.Type, [.. all.Items.Skip((int)from).Take((int)(to - from))])
            : Encoding.UTF8.GetString(bytes, (int)from, (int)(to - from));
    }
}
