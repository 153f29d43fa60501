namespace Metrics.IntegrationTests;

/// <summary>Makes expressions in RE2's syntax, most of them right, some nearly.</summary>
/// <param name="seed">The same seed makes the same expressions.</param>
internal sealed class Re2Maker(int seed)
{
    private const int MaxDepth = 3;

    /// <summary>Values that expressions are tried on: what a class, a fold or an end may take for what it is not.</summary>
    public static readonly string[] Values =
    [
        "", "a", "b", "ab", "aab", "aaaa", "abab", "aB", "A", "é", "É", "aé", "éa", "a b", "a\nb", "a\n", "\n", "\na",
        "\U0001F600", "a\U0001F600",
        "\U0001F600\U0001F601", "\U00010400", "α", "Ωα", "я", "中", "中a", "٣", "1", "a1", "12", "_", "a_b", "-", "a-b", ".", "k",
        "\u212A", "\u017F",
        "s", "ß", "ẞ", "\t", "\v", "]", "[", "^", "\\", "$", "a{2}", "ab\nab", "a\u200Db",
    ];

    private static readonly string[] s_literals =
        ["a", "b", "a", "b", "A", "B", "ab", "é", "É", "\U0001F600", "\U00010428", "α", "я", "中", " ", "1", "_", "-", "k", "s",
        "S", "ß", "\\.", "\\-", "\\n", "\\t", "\\$"];

    private static readonly string[] s_atoms =
    [
        ".", ".", "^", "$", "\\A", "\\z", "\\b", "\\B", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\pL", "\\PN", "\\pN",
        "\\p{Lu}", "\\P{Ll}",
        "\\p{^Greek}", "\\p{Greek}", "\\p{Han}", "\\P{^Cyrillic}", "\\p{Latin}", "\\p{Common}", "\\pZ", "\\p{Sm}", "\\p{So}",
        "\\x{1F600}", "\\x41", "\\101", "\\07", "\\v",
        "\\Qa.b\\E", "\\Qa\\E", "\\Q\\E", "(?i)", "(?m)", "(?s)", "(?U)", "(?-s)", "(?i-s)", "(?-i)", "(?im-U)",
    ];

    private static readonly string[] s_members =
    [
        "a", "b", "a-b", "a-z", "A-Z", "é", "\U0001F600-\U0001F64F", "α-ω", "中", "0-9", "_", "-", "\\-", "\\]", "\\d", "\\D",
        "\\w", "\\W", "\\S", "\\s", "\\n", "\\pL",
        "\\PL", "\\p{Greek}", "\\p{^Han}", "[:alpha:]", "[:^alpha:]", "[:word:]", "[:^digit:]", "[:space:]", "[:punct:]",
        "[:upper:]", "[:^lower:]", "[",
        "\\x{10000}-\\x{10FFFF}", "k", "s-t", "\\t-\\x20", "&&", "\\101", "$", "^", ".", "|", "--9", "+--", "[-^", "\\\\-]",
    ];

    private static readonly string[] s_repeats = ["*", "+", "?", "{2}", "{1,3}", "{0,1}", "{2,}", "{0}", "{1}", "{,2}", "{01}"];

    private static readonly string[] s_groups = ["(", "(", "(", "(?:", "(?P<n>", "(?i:", "(?m:", "(?U:", "(?s-i:"];

    private static readonly string[] s_wrong =
    [
        "(", ")", "[", "]", "{", "}", "*", "+", "?", "\\", "|", "^", "$", "-", ":", "[:", ":]", "[^", "(?", "(?P<", "(?P<n>",
        "(?i", "(?x)", "(?n)", "(?#", "(?=", "(?!", "(?>", "(?'n'",
        "\\1", "\\8", "\\Z", "\\G", "\\C", "\\e", "\\u0041", "\\cA", "\\k", "\\h", "\\R", "\\_", "\\é", "\\Q", "\\E", "\\p",
        "\\p{", "\\pQ", "\\p{Foo}", "\\p{}", "\\p{^}", "\\x", "\\x{", "\\x4",
        "\\x{110000}", "\\x{}", "++", "**", "?+", "*?", "??", "{1001}", "{1000}", "{3,2}", "{1,1001}", "z-a", "b-a", "-[a]",
        "[]", "[[:foo:]]", "[a-\\d]", "[\\Qa\\E]", "[\\b]",
        "(?)", "(?:)", "(?-)", "(?i-)", "(?--i)", "(?i-i)", "(?P<>a)", "(?P<a b>a)", "(?P<1>a)", "(?P=n)", "()", "(|a)", "(a|)",
        "\\0", "\\123", "\\1234", "\\777", "\\00", "&&",
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next one.</summary>
    public string Next()
    {
        string text = Alternatives(0);
        for (int i = _random.Next(4); i == 3; i = _random.Next(4))
        {
            int at = _random.Next(text.Length + 1);
            if (at > 0 && at < text.Length && char.IsLowSurrogate(text[at]))
                continue;
            text = text.Insert(at, Any(s_wrong));
        }
        return text;
    }

    private string Alternatives(int depth) =>
        string.Join('|', Enumerable.Range(0, Chance(4) ? 2 + _random.Next(2) : 1).Select(_ => Sequence(depth)));

    private string Sequence(int depth) =>
        string.Concat(Enumerable.Range(0, _random.Next(Chance(8) ? 0 : 1, 4)).Select(_ => Repeated(depth)));

    private string Repeated(int depth) => Atom(depth) + (Chance(3) ? Any(s_repeats) + (Chance(3) ? "?" : "") : "");

    private string Atom(int depth) => _random.Next(8) switch
    {
        0 or 1 when depth < MaxDepth => Any(s_groups) + Alternatives(depth + 1) + ")",
        2 => "[" + (Chance(3) ? "^" : "") + string.Concat(Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => Any(s_members))) + "]",
        3 or 4 or 5 => Any(s_atoms),
        _ => Any(s_literals),
    };

    private bool Chance(int of) => _random.Next(of) == 0;

    private string Any(string[] texts) => texts[_random.Next(texts.Length)];
}
