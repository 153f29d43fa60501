using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>
/// Reads a condition: <c>selection and not 1 of filter_*</c>; <c>not</c> binds more than <c>and</c>, <c>and</c> more than <c>or</c>.
/// </summary>
internal sealed class SigmaCondition
{
    private const int MaxDepth = 50;

    private readonly string[] _words;
    private readonly IReadOnlyList<string> _names;
    private readonly Func<string, Predicate<SigmaEvent>> _selection;
    private int _at;
    private int _depth;

    private SigmaCondition(string text, IReadOnlyList<string> names, Func<string, Predicate<SigmaEvent>> selection)
    {
        _words = text.Replace("(", " ( ", StringComparison.Ordinal).Replace(")", " ) ", StringComparison.Ordinal)
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        (_names, _selection) = (names, selection);
    }

    /// <summary>Reads a condition.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="names">The selections of the rule.</param>
    /// <param name="selection">Makes a selection, by its name.</param>
    /// <param name="faults">Added to.</param>
    /// <returns>Whether it holds for an event; null when something is wrong with it.</returns>
    public static Predicate<SigmaEvent>? Read(
        YamlText text, IReadOnlyList<string> names, Func<string, Predicate<SigmaEvent>> selection, SigmaFaults faults)
    {
        if (text.Text.Contains('|', StringComparison.Ordinal))
        {
            const string Aggregation = "condition has an aggregation (|), which Sigma 2 has no more: write a correlation rule";
            faults.Add(SigmaReason.Condition, text, Aggregation);
            return null;
        }
        var condition = new SigmaCondition(text.Text, names, selection);
        try
        {
            Predicate<SigmaEvent> read = condition.ReadOr();
            return condition._at == condition._words.Length
                ? read
                : throw new FormatException($"'{condition._words[condition._at]}' cannot stand there; allowed are 'and', 'or' and the end");
        }
        catch (FormatException e)
        {
            faults.Add(SigmaReason.Broken, text, $"condition: {e.Message}");
            return null;
        }
    }

    private Predicate<SigmaEvent> ReadOr()
    {
        if (++_depth > MaxDepth)
            throw new FormatException($"is nested more than {MaxDepth} deep");
        var any = new List<Predicate<SigmaEvent>> { ReadAnd() };
        while (Take("or"))
            any.Add(ReadAnd());
        _depth--;
        return SigmaLogic.Any(any);
    }

    private Predicate<SigmaEvent> ReadAnd()
    {
        var all = new List<Predicate<SigmaEvent>> { ReadNot() };
        while (Take("and"))
            all.Add(ReadNot());
        return SigmaLogic.All(all);
    }

    private Predicate<SigmaEvent> ReadNot()
    {
        bool isNegated = false;
        while (Take("not"))
            isNegated = !isNegated;
        Predicate<SigmaEvent> read = ReadOne();
        return isNegated ? e => !read(e) : read;
    }

    private Predicate<SigmaEvent> ReadOne()
    {
        if (Take("("))
        {
            Predicate<SigmaEvent> inner = ReadOr();
            return Take(")") ? inner : throw new FormatException("a parenthesis is not closed");
        }
        if (_at == _words.Length)
            throw new FormatException("ends where the name of a selection is needed");
        string word = _words[_at++];
        if (_at < _words.Length && Is(_words[_at], "of"))
        {
            _at++;
            return ReadQuantified(word);
        }
        return _names.Contains(word)
            ? _selection(word)
            : throw new FormatException($"'{word}' is not a selection of this rule; it has {string.Join(", ", _names)}");
    }

    private Predicate<SigmaEvent> ReadQuantified(string quantity)
    {
        bool isAll = Is(quantity, "all");
        if (!isAll && quantity != "1" && !Is(quantity, "any"))
            throw new FormatException($"'{quantity} of' is not known; allowed are '1 of', 'any of' and 'all of'");
        if (_at == _words.Length)
            throw new FormatException($"'{quantity} of' needs the name of selections, such as sel*, or 'them'");
        string pattern = _words[_at++];
        SigmaPattern names = SigmaPattern.Read(pattern, false, false, isCased: true);
        List<string> meant = Is(pattern, "them")
            ? [.. _names.Where(n => !n.StartsWith('_'))]
            : [.. _names.Where(names.IsMatch)];
        if (meant.Count == 0)
            throw new FormatException($"no selection is named {pattern}; it has {string.Join(", ", _names)}");
        List<Predicate<SigmaEvent>> selections = [.. meant.Select(_selection)];
        return isAll ? SigmaLogic.All(selections) : SigmaLogic.Any(selections);
    }

    private bool Take(string word)
    {
        bool isThere = _at < _words.Length && Is(_words[_at], word);
        _at += isThere ? 1 : 0;
        return isThere;
    }

    private static bool Is(string word, string keyword) => word.Equals(keyword, StringComparison.OrdinalIgnoreCase);
}
