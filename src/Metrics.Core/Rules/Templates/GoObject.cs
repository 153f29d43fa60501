using System.Collections.ObjectModel;

namespace Metrics.Rules.Templates;

/// <summary>A value with fields or methods, as Go's templates see it.</summary>
internal abstract class GoObject
{
    /// <summary>The name of its type in Go.</summary>
    public abstract string Type { get; }

    /// <summary>A field, or what a method gives.</summary>
    /// <exception cref="TemplateException">There is none of that name, or it takes other arguments.</exception>
    public abstract object? Member(string name, List<object?> arguments);

    /// <summary>As <c>%v</c> prints it.</summary>
    public abstract string Print();

    protected TemplateException Unknown(string name) => new($"can't evaluate field {name} in type {Type}");

    /// <summary>Holds a method to its number of arguments.</summary>
    protected static void Takes(int count, string name, List<object?> arguments)
    {
        if (arguments.Count != count)
            throw new TemplateException($"wrong number of args for {name}: want {count} got {arguments.Count}");
    }
}

/// <summary>A struct: fields in order.</summary>
/// <param name="type">The name of its type in Go.</param>
/// <param name="fields">Its fields.</param>
internal sealed class GoStruct(string type, params (string Name, object? Value)[] fields) : GoObject
{
    public IReadOnlyList<(string Name, object? Value)> Fields => fields;

    /// <summary>Whom it stands for, for templates that the daemon itself writes.</summary>
    public object? Origin { get; init; }

    public override string Type => type;

    public override object? Member(string name, List<object?> arguments)
    {
        foreach ((string field, object? value) in fields)
        {
            if (field == name)
                return arguments.Count == 0
                    ? value
                    : throw new TemplateException($"{name} has arguments but cannot be invoked as function");
        }
        throw Unknown(name);
    }

    public override string Print() => $"{{{GoFormat.Join(" ", fields.Select(f => GoFormat.Print(f.Value)))}}}";
}

/// <summary>A list whose type may have methods.</summary>
/// <param name="type">The name of its type in Go.</param>
/// <param name="items">Its elements.</param>
internal sealed class GoList(string type, IReadOnlyList<object?> items) : GoObject
{
    public IReadOnlyList<object?> Items => items;

    /// <summary>Its methods, none of which takes an argument.</summary>
    public IReadOnlyDictionary<string, Func<object?>> Methods { get; init; } = ReadOnlyDictionary<string, Func<object?>>.Empty;

    public override string Type => type;

    public static GoList Of(IEnumerable<string> texts) => new("[]string", [.. texts]);

    public override object? Member(string name, List<object?> arguments)
    {
        if (!Methods.TryGetValue(name, out Func<object?>? method))
            throw Unknown(name);
        Takes(0, name, arguments);
        return method();
    }

    public override string Print() =>
        Methods.TryGetValue("String", out Func<object?>? method)
            ? (string)method()!
            : $"[{GoFormat.Join(" ", items.Select(GoFormat.Print))}]";
}

/// <summary>Names and texts, as Alertmanager's <c>KV</c>.</summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/notifications/#kv</remarks>
internal sealed class GoMap(IReadOnlyDictionary<string, string> texts) : GoObject
{
    public int Count => texts.Count;

    /// <summary>By name, as Go goes through a map.</summary>
    public IEnumerable<KeyValuePair<string, string>> Sorted => texts.OrderBy(t => t.Key, StringComparer.Ordinal);

    public string this[string name] => texts.GetValueOrDefault(name, "");

    public override string Type => "template.KV";

    public override object? Member(string name, List<object?> arguments)
    {
        switch (name)
        {
            case "Remove":
                Takes(1, name, arguments);
                var without = GoFunctions.Texts(arguments[0]).ToHashSet();
                return new GoMap(texts.Where(t => !without.Contains(t.Key)).ToDictionary());
            case "SortedPairs" or "Names" or "Values" or "String":
                Takes(0, name, arguments);
                GoList pairs = Pairs();
                return name == "SortedPairs" ? pairs : pairs.Member(name, []);
            default:
                return arguments.Count == 0 ? this[name] : throw new TemplateException($"{name} is not a method but has arguments");
        }
    }

    public override string Print() => Pairs().Print();

    /// <summary>The name of the alert first.</summary>
    private GoList Pairs()
    {
        List<KeyValuePair<string, string>> all = [.. Sorted.OrderBy(t => t.Key == "alertname" ? 0 : 1)];
        return new GoList("template.Pairs", [.. all.Select(t => new GoStruct("template.Pair", ("Name", t.Key), ("Value", t.Value)))])
        {
            Methods = new Dictionary<string, Func<object?>>
            {
                ["Names"] = () => GoList.Of(all.Select(t => t.Key)),
                ["Values"] = () => GoList.Of(all.Select(t => t.Value)),
                ["String"] = () => string.Join(", ", all.Select(t => $"{t.Key}={t.Value}")),
            },
        };
    }
}

/// <summary>A number that has a name, such as a month.</summary>
/// <param name="type">The name of its type in Go.</param>
/// <param name="number">The number.</param>
/// <param name="text">The name.</param>
internal sealed class GoName(string type, int number, string text) : GoObject
{
    public long Number => number;

    public override string Type => type;

    public override object? Member(string name, List<object?> arguments)
    {
        Takes(0, name, arguments);
        return name == "String" ? text : throw Unknown(name);
    }

    public override string Print() => text;
}

/// <summary>HTML that is not to be encoded again.</summary>
/// <param name="Text">The HTML.</param>
internal sealed record GoMarkup(string Text)
{
    public override string ToString() => Text;
}
