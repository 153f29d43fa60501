using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Metrics.Text.Expressions;

namespace Metrics.Text;

/// <summary>
/// A regular expression in RE2's syntax, which the whole field uses, on .NET's linear-time engine: it is read by RE2's rules and written
/// anew for .NET; what RE2 lacks (look-around, back-references) is refused. By default it matches a whole value, and the dot matches line
/// feeds too.
/// Immutable.
/// </summary>
/// <remarks>https://github.com/google/re2/wiki/Syntax</remarks>
public sealed class Re2
{
    /// <summary>From so many signs on an expression may hold more kinds of them than its alphabet has letters.</summary>
    private const int LongPattern = 4000;

    /// <summary>
    /// Up to so many parts and ranges .NET takes an expression in whatever alphabet; of a larger one it is tried at once, so that what was
    /// accepted can be used.
    /// </summary>
    private const int Small = 1000;

    private readonly string _pattern;
    private readonly bool _whole;
    private readonly Re2Node _tree;
    private readonly IReadOnlyList<string?> _groupNames;
    private readonly bool _hasWordEdges;
    private readonly Regex _regex;

    /// <summary>For the texts that .NET would read otherwise than RE2; most expressions never meet one.</summary>
    private readonly Lazy<(Alphabet Alphabet, Regex Regex)> _spelled;

    /// <param name="pattern">The expression.</param>
    /// <param name="whole">Whether it must match the whole value; default true.</param>
    /// <param name="dotAll">Whether the dot matches line feeds, as it does in matchers and relabelling; default true.</param>
    /// <exception cref="ArgumentException">It is not valid; the message says why.</exception>
    public Re2(string pattern, bool whole = true, bool dotAll = true)
    {
        _pattern = pattern;
        _whole = whole;
        (_tree, _groupNames, int ranges) = Re2Parser.Read(pattern, whole, dotAll);
        _hasWordEdges = HasWordEdges(_tree);
        _regex = Compile(InPlane0);
        _spelled = new(Spelled);
        if (pattern.Length > LongPattern && new Alphabet(_tree).Count > Alphabet.MaxKinds)
            throw new ArgumentException($"'{pattern}': it has more than {Alphabet.MaxKinds} different characters beyond ASCII");
        if (_tree.Size > Small || ranges > Small)
            _ = _spelled.Value;
    }

    /// <summary>Whether a value matches.</summary>
    public bool IsMatch(string value)
    {
        if (IsPlain(value))
            return _regex.IsMatch(value);
        (Alphabet alphabet, Regex regex) = _spelled.Value;
        return regex.IsMatch(alphabet.Spell(value).Units);
    }

    /// <summary>A template with the groups of a match put in; null when the value does not match.</summary>
    /// <param name="value">The value.</param>
    /// <param name="template"><c>$1</c>, <c>${1}</c>, <c>$name</c> and <c>${name}</c> are groups, <c>$$</c> is a dollar; an unknown group
    /// is empty.</param>
    public string? Expand(string value, string template)
    {
        (Match match, int[]? starts) = FirstMatch(value);
        if (!match.Success)
            return null;
        var text = new StringBuilder();
        Expand(text, value, match, starts, template, int.MaxValue);
        return text.ToString();
    }

    /// <summary>The value with every match replaced by the expanded template.</summary>
    public string Replace(string value, string template) => Replace(value, template, int.MaxValue)!;

    /// <summary>As <see cref="Replace(string, string)"/>; null when the result is longer than it may be.</summary>
    /// <param name="value">The value.</param>
    /// <param name="template">As in <see cref="Expand(string, string)"/>.</param>
    /// <param name="longest">Longest result, characters.</param>
    public string? Replace(string value, string template, int longest)
    {
        (Match match, int[]? starts) = FirstMatch(value);
        if (!match.Success)
            return value.Length <= longest ? value : null;
        var text = new StringBuilder();
        int done = 0;
        for (int last = -1; match.Success && text.Length <= longest; match = match.NextMatch())
        {
            // An empty match just behind another is none.
            if (match.Length == 0 && match.Index == last)
                continue;
            last = match.Index + match.Length;
            text.Append(value, done, At(match.Index, starts) - done);
            Expand(text, value, match, starts, template, longest);
            done = At(last, starts);
        }
        return text.Length + value.Length - done <= longest ? text.Append(value, done, value.Length - done).ToString() : null;
    }

    /// <summary>The expression as it was given.</summary>
    public override string ToString() => _pattern;

    private (Match Match, int[]? Starts) FirstMatch(string value)
    {
        if (IsPlain(value))
            return (_regex.Match(value), null);
        (Alphabet alphabet, Regex regex) = _spelled.Value;
        (string units, int[]? starts) = alphabet.Spell(value);
        return (regex.Match(units), starts);
    }

    /// <summary>Whether .NET reads a text as RE2 does: for it a pair is two characters, and é a part of a word.</summary>
    private bool IsPlain(string value) =>
        _hasWordEdges ? Ascii.IsValid(value) : !value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    private (Alphabet Alphabet, Regex Regex) Spelled()
    {
        var alphabet = new Alphabet(_tree);
        return (alphabet, Compile(alphabet.Units));
    }

    private Regex Compile(Func<RuneSet, RuneSet> inUtf16)
    {
        string text = new Re2Writer(inUtf16).Write(_tree) ?? throw Re2Cursor.TooLarge(_pattern);
        try
        {
            return new Regex(
                _whole ? $@"\A(?:{text}){Re2Writer.TextEnd}" : text,
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
        catch (NotSupportedException)
        {
            throw Re2Cursor.TooLarge(_pattern);
        }
    }

    private static RuneSet InPlane0(RuneSet set) =>
        RuneSet.Of([.. set.Ranges.Where(r => r.Low <= char.MaxValue).Select(r => (r.Low, Math.Min(r.High, char.MaxValue)))]);

    private static bool HasWordEdges(Re2Node node) => node switch
    {
        Place place => place.Kind is PlaceKind.WordEdge or PlaceKind.NoWordEdge,
        Sequence sequence => sequence.Parts.Any(HasWordEdges),
        Choice choice => choice.Parts.Any(HasWordEdges),
        CaptureGroup capture => HasWordEdges(capture.Part),
        Repeat repeat => HasWordEdges(repeat.Part),
        _ => false,
    };

    /// <summary>Adds the template with the groups put in; no more once the text is longer than it may be.</summary>
    private void Expand(StringBuilder text, string value, Match match, int[]? starts, string template, int longest)
    {
        if (!template.Contains('$', StringComparison.Ordinal))
        {
            text.Append(template);
            return;
        }
        for (int i = 0; i < template.Length && text.Length <= longest; i++)
        {
            if (template[i] != '$' || i + 1 == template.Length)
            {
                text.Append(template[i]);
                continue;
            }
            if (template[i + 1] == '$')
            {
                text.Append('$');
                i++;
                continue;
            }
            bool braced = template[i + 1] == '{';
            int start = i + (braced ? 2 : 1);
            int end = start;
            while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
                end++;
            if (end == start || (braced && (end == template.Length || template[end] != '}')))
            {
                text.Append('$');
                continue;
            }
            string name = template[start..end];
            if (GroupOf(match, name) is { Success: true } group)
                text.Append(value, At(group.Index, starts), At(group.Index + group.Length, starts) - At(group.Index, starts));
            i = braced ? end : end - 1;
        }
    }

    /// <summary>A number has no zeros before it; of several groups of one name it is the first that matched.</summary>
    private Group? GroupOf(Match match, string name)
    {
        bool isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        if (isNumber && (name.Length == 1 || name[0] != '0'))
            return match.Groups[number];
        return Enumerable.Range(0, _groupNames.Count).Where(i => _groupNames[i] == name).Select(i => match.Groups[i])
            .FirstOrDefault(g => g.Success);
    }

    /// <summary>Where a unit of a text that was spelled begins in the text.</summary>
    private static int At(int unit, int[]? starts) => starts is null ? unit : starts[unit];
}
