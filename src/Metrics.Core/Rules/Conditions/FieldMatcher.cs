using System.Globalization;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Rules.Conditions;

/// <summary>
/// What a rule over events asks of one field: a value, any of several, or a comparison by its sign: <c>=</c>, <c>!=</c>, <c>=~</c>,
/// <c>!~</c> (RE2, the whole value), <c>&gt;</c>, <c>&gt;=</c>, <c>&lt;</c>, <c>&lt;=</c> (numbers). A field that an event lacks is empty.
/// </summary>
public sealed class FieldMatcher
{
    private readonly Func<string, bool>[] _any;

    private FieldMatcher(string field, string text, Func<string, bool>[] any, IReadOnlyList<string>? values) =>
        (Field, Text, _any, Values) = (field, text, any, values);

    /// <summary>Full name of the field.</summary>
    public string Field { get; }

    /// <summary>As people read it: <c>event.outcome="failure"</c>.</summary>
    public string Text { get; }

    /// <summary>The values that it lets through, where these can be listed; null otherwise.</summary>
    public IReadOnlyList<string>? Values { get; }

    /// <summary>Whether a value is let through.</summary>
    public bool Matches(string value)
    {
        foreach (Func<string, bool> test in _any)
        {
            if (test(value))
                return true;
        }
        return false;
    }

    /// <summary>Reads a matcher.</summary>
    /// <param name="field">Full name of the field.</param>
    /// <param name="texts">As they were written; any of them will do.</param>
    /// <param name="matcher">The matcher, when the answer is true.</param>
    /// <param name="error">What is wrong, in words that follow the key.</param>
    public static bool TryParse(string field, IReadOnlyList<string> texts, out FieldMatcher? matcher, out string? error)
    {
        matcher = null;
        if (texts.Count == 0)
        {
            error = "needs a value";
            return false;
        }
        (string Sign, string Value)[] parts = [.. texts.Select(Split)];
        if (parts.Length > 1 && Array.Find(parts, p => p.Sign is not ("=" or "=~")) is { Sign: { } wrong })
        {
            error = $"holds '{wrong}' in a list, of which any will do; write values and =~ there, and a negation alone";
            return false;
        }
        var tests = new List<Func<string, bool>>();
        foreach ((string sign, string value) in parts)
        {
            if (!TryTest(sign, value, out Func<string, bool>? test, out error))
                return false;
            tests.Add(test!);
        }
        string text = string.Join(" or ", parts.Select(p => $"{field}{p.Sign}{Labels.Quote(p.Value)}"));
        IReadOnlyList<string>? values = Array.TrueForAll(parts, p => p.Sign == "=") ? [.. parts.Select(p => p.Value)] : null;
        matcher = new FieldMatcher(field, text, [.. tests], values);
        error = null;
        return true;
    }

    /// <summary>Blanks behind the sign are nobody's: a regular expression that begins with one writes it as <c>[ ]</c>.</summary>
    private static (string Sign, string Value) Split(string text)
    {
        foreach (string sign in new[] { "=~", "!~", "!=", ">=", "<=", ">", "<", "=" })
        {
            if (text.StartsWith(sign, StringComparison.Ordinal))
                return (sign, text[sign.Length..].TrimStart());
        }
        return ("=", text);
    }

    private static bool TryTest(string sign, string value, out Func<string, bool>? test, out string? error)
    {
        (test, error) = (null, null);
        switch (sign)
        {
            case "=":
                test = v => v == value;
                return true;
            case "!=":
                test = v => v != value;
                return true;
            case "=~" or "!~":
                return TryRegex(value, sign == "!~", out test, out error);
            default:
                return TryNumber(sign, value, out test, out error);
        }
    }

    private static bool TryRegex(string pattern, bool isNegated, out Func<string, bool>? test, out string? error)
    {
        (test, error) = (null, null);
        try
        {
            var regex = new Re2(pattern);
            test = v => regex.IsMatch(v) != isNegated;
            return true;
        }
        catch (ArgumentException e)
        {
            error = $"is not a valid regular expression: {e.Message}";
            return false;
        }
    }

    private static bool TryNumber(string sign, string text, out Func<string, bool>? test, out string? error)
    {
        (test, error) = (null, null);
        if (!TryRead(text, out double limit))
        {
            error = $"is '{sign}{text}'; what follows {sign} must be a number";
            return false;
        }
        test = v => TryRead(v, out double number) && sign switch
        {
            ">" => number > limit,
            ">=" => number >= limit,
            "<" => number < limit,
            _ => number <= limit,
        };
        return true;
    }

    private static bool TryRead(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}

/// <summary>The events that a rule counts: those that meet every matcher.</summary>
public sealed class EventFilter
{
    private readonly FieldMatcher? _kind;
    private readonly FieldMatcher[] _others = [];
    private readonly Func<EventBatch, int, int>? _next;
    private readonly string? _text;

    /// <summary>A filter that is more than one condition a field.</summary>
    /// <param name="next">As <see cref="NextMatch"/>.</param>
    /// <param name="kinds">Kinds that it may let through; null is any.</param>
    /// <param name="text">As people read it; another text is another filter.</param>
    internal EventFilter(Func<EventBatch, int, int> next, IReadOnlySet<string>? kinds, string text) =>
        (_next, Kinds, _text) = (next, kinds, text);

    /// <param name="matchers">One for each field.</param>
    public EventFilter(IReadOnlyList<FieldMatcher> matchers)
    {
        _kind = matchers.FirstOrDefault(m => m.Field == EventFields.Kind);
        _others = [.. matchers.Where(m => m != _kind)];
        Kinds = _kind?.Values?.ToHashSet();
    }

    /// <summary>Kinds that it may let through; null is any.</summary>
    public IReadOnlySet<string>? Kinds { get; }

    /// <summary>Finds the next row of a batch that meets every matcher. Allocates nothing.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="row">Where to begin.</param>
    /// <returns>The row; the number of rows when there is none.</returns>
    public int NextMatch(EventBatch batch, int row)
    {
        if (_next is not null)
            return _next(batch, row);
        ReadOnlySpan<string> kinds = batch.Kinds;
        string? kind = null;
        bool isMine = _kind is null;
        for (; row < kinds.Length; row++)
        {
            // The kind costs least and turns most away; most rows of a batch share its text.
            if (_kind is not null && !ReferenceEquals(kind, kinds[row]))
                isMine = _kind.Matches(kind = kinds[row]);
            if (isMine && MatchesOthers(batch, row))
                break;
        }
        return row;
    }

    /// <summary>Whether it lets a row through.</summary>
    public bool IsMatch(EventBatch batch, int row) => _next is not null
        ? _next(batch, row) == row
        : (_kind is null || _kind.Matches(batch.Kinds[row])) && MatchesOthers(batch, row);

    /// <inheritdoc />
    public override string ToString() =>
        _text ?? $"{{{string.Join(", ", _others.Prepend(_kind).OfType<FieldMatcher>().Select(m => m.Text))}}}";

    private bool MatchesOthers(EventBatch batch, int row)
    {
        foreach (FieldMatcher matcher in _others)
        {
            if (!matcher.Matches(batch.Value(row, matcher.Field) ?? ""))
                return false;
        }
        return true;
    }
}
