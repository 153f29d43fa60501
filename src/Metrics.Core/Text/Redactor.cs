using System.Buffers;
using System.Runtime.CompilerServices;

namespace Metrics.Text;

/// <summary>What is masked in a text.</summary>
/// <param name="Pattern">Finds it.</param>
/// <param name="Replace">Stands in its place; <c>$1</c> and <c>$name</c> are groups of the pattern.</param>
public sealed record RedactRule(Re2 Pattern, string Replace)
{
    /// <summary>Masks all that it finds.</summary>
    public string Apply(string text) => Pattern.Replace(text, Replace);
}

/// <summary>
/// Masks secrets in texts: those that are known everywhere, where they are wanted, and what an operator names. Linear in the length of a
/// text; one that holds no word with which a known secret comes costs a look for those words. Immutable.
/// </summary>
/// <param name="withDefaults">Whether known secrets are masked.</param>
/// <param name="own">What is masked beside them; each is tried on every text.</param>
public sealed class Redactor(bool withDefaults, params IReadOnlyList<RedactRule> own)
{
    /// <summary>Stands in the place of secrets.</summary>
    public const string Mask = "***";

    private delegate bool TextTest(ReadOnlySpan<char> text);

    /// <summary>Shorter texts hold none: <c>token=x</c>.</summary>
    private const int MinLength = 7;

    /// <summary>Shorter ones hold none that has no name before it: AWS's are of 20.</summary>
    private const int MinBareLength = 20;

    private const int MinKeyLength = 5;

    /// <summary>How far behind a word it is looked, so that a text full of words takes no longer.</summary>
    private const int MaxNear = 64;

    private const string Quote = """\\*["']?""";

    /// <summary>A quoted value to its quote, escaped or not; or all up to a blank, a quote, or the next parameter.</summary>
    private const string Value =
        """(?:(?P<q1>\\+["'])[^"'\\]+|(?P<q2>[ub]?")(?:[^"\\]|\\.)+|(?P<q3>[ub]?')(?:[^'\\]|\\.)+|[^\s"'&<>]+)""";

    /// <summary>Words of names before a value.</summary>
    private static readonly string[] s_keys =
    [
        "password", "passphrase", "adminpass", "passwd", "secret", "token", "credential", "apikey", "api_key", "api-key", "accesskey",
        "access_key", "access-key", "privatekey", "private_key", "private-key",
    ];

    /// <summary>What is looked for, each with a look whether a text may hold it that costs less than its pattern.</summary>
    private static readonly (TextTest MayBeIn, RedactRule Rule)[] s_known =
    [
        (
            Holding("authorization"),
            Rule(
                "(?i)(?P<name>authorization" + Quote + @"\s*[=:]\s*" + Quote
                + @"(?:(?:basic|bearer|digest|negotiate|token|aws4-hmac-sha256)\s+)?)[^\s""'&]+", "${name}" + Mask)),
        (
            Holding("bearer "),
            Rule(@"(?i)(?P<name>\bbearer\s+)[\w.~+/=-]{8,}", "${name}" + Mask)),
        (
            HoldsNamed,
            Rule(
                "(?i)(?P<name>(?:password|passphrase|adminpass|[^/]passwd|^passwd|secret|token|credential|api[_-]?key|access[_-]?key"
                + "|private[_-]?key)(?:[_-]?(?:id|key|hash))?" + Quote
                + @"\s*(?:=>|[=:])\s*|--(?:password|passphrase|secret|token|api-key)\s+)" + Value,
                "${name}${q1}${q2}${q3}" + Mask)),
        (
            Holding("PRIVATE KEY-----"),
            Rule(
                "(?P<begin>-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:.*?(?P<end>-----END [A-Z ]*PRIVATE KEY-----)|.*)",
                "${begin}" + Mask + "${end}")),
        // Keys of AWS; tokens of Keystone (Fernet) and JSON Web Tokens, wherever they stand.
        (Holding("AKIA"), Rule(@"\bAKIA[0-9A-Z]{16}\b", Mask)),
        (Holding("ASIA"), Rule(@"\bASIA[0-9A-Z]{16}\b", Mask)),
        (Holding("gAAAAA"), Rule(@"\bgAAAAA[\w-]{40,}=*", Mask)),
        (Holding("eyJ"), Rule(@"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", Mask)),
    ];

    /// <summary>One of these stands in each text that holds anything of <see cref="s_known"/>, in whatever case.</summary>
    internal static IReadOnlyList<string> Words { get; } =
        [.. s_keys, "authorization", "bearer ", "PRIVATE KEY-----", "AKIA", "ASIA", "gAAAAA", "eyJ"];

    private static readonly SearchValues<string> s_words = SearchValues.Create([.. Words], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<char> s_nameLetters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");

    private static readonly SearchValues<string> s_keyWords = SearchValues.Create(s_keys, StringComparison.OrdinalIgnoreCase);

    /// <summary>Of a field with such a name all is masked.</summary>
    private static readonly SearchValues<string> s_secretNames = SearchValues.Create(
        ["password", "passwd", "passphrase", "adminpass", "secret", "token", "authorization", "api_key", "apikey", "private_key"],
        StringComparison.OrdinalIgnoreCase);

    /// <summary>Names of fields that are none of those, by object: the same few come again and again. A race costs a look.</summary>
    private static readonly string?[] s_plainNames = new string?[1024];

    /// <summary>Of a URL; one of RabbitMQ names several hosts, each with its password.</summary>
    private static readonly RedactRule s_address = Rule("""(?P<user>(?:://|,)[^\s/:@,"']*:)[^\s/@"']+@""", "${user}" + Mask + "@");

    /// <summary>Whether a text in UTF-8 may, as far as its length and three signs in a row say; costs next to nothing.</summary>
    public bool MayHold(ReadOnlySpan<byte> utf8) => own.Count > 0
        || (withDefaults && (utf8.Length >= MinBareLength || (utf8.Length >= MinLength && utf8.ContainsAny("=: "u8)))
            && SecretSigns.MayBeIn(utf8));

    /// <summary>Whether a text may hold something that is to be masked; costs less than to mask it.</summary>
    public bool MayHold(ReadOnlySpan<char> text) => own.Count > 0 || (withDefaults && MayHoldKnown(text));

    /// <summary>Whether a field is a secret as a whole, by its name.</summary>
    public bool IsSecret(string name) => withDefaults && IsSecretName(name);

    /// <summary>Masks secrets in a text.</summary>
    /// <returns>The text; the same object where it holds none.</returns>
    public string Redact(string text)
    {
        if (withDefaults && MayHoldKnown(text))
            text = RedactKnown(text);
        foreach (RedactRule rule in own)
            text = rule.Apply(text);
        return text;
    }

    private static string RedactKnown(string text)
    {
        foreach ((TextTest mayBeIn, RedactRule rule) in s_known)
        {
            if (mayBeIn(text))
                text = rule.Apply(text);
        }
        return HoldsAddress(text) ? s_address.Apply(text) : text;
    }

    private static bool MayHoldKnown(ReadOnlySpan<char> text) => MayHoldAny(text) && (HoldsKnown(text) || HoldsAddress(text));

    private static bool HoldsKnown(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAny(s_words))
            return false;
        foreach ((TextTest mayBeIn, _) in s_known)
        {
            if (mayBeIn(text))
                return true;
        }
        return false;
    }

    /// <summary>Most values of fields are so short, or so plain, that they cannot.</summary>
    private static bool MayHoldAny(ReadOnlySpan<char> text) =>
        text.Length >= MinBareLength || (text.Length >= MinLength && text.ContainsAny('=', ':', ' '));

    /// <summary>In most texts there is no such sign, and it is found faster than a word.</summary>
    private static bool HoldsAddress(ReadOnlySpan<char> text) => text.Contains('@') && text.Contains("://", StringComparison.Ordinal);

    /// <summary>
    /// Whether behind one of the words there comes what stands before a value, or two hyphens before it: logs of failed logins are full of
    /// the word alone.
    /// </summary>
    private static bool HoldsNamed(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> rest = text;
        while (rest.IndexOfAny(s_keyWords) is >= 0 and var at)
        {
            if (at >= 2 && rest[at - 1] == '-' && rest[at - 2] == '-')
                return true;
            rest = rest[(at + MinKeyLength)..];
            ReadOnlySpan<char> near = rest[..Math.Min(rest.Length, MaxNear)];
            int end = near.IndexOfAnyExcept(s_nameLetters);
            near = end < 0 ? [] : near[end..].TrimStart("\\\"'").TrimStart();
            // So many blanks that nothing is seen behind them: the pattern shall look.
            if (near is ['=' or ':', ..] || (near.IsEmpty && end >= 0 && rest.Length > MaxNear))
                return true;
        }
        return false;
    }

    private static bool IsSecretName(string name)
    {
        ref string? plain = ref s_plainNames[RuntimeHelpers.GetHashCode(name) & (s_plainNames.Length - 1)];
        if (ReferenceEquals(plain, name))
            return false;
        if (name.AsSpan().ContainsAny(s_secretNames))
            return true;
        plain = name;
        return false;
    }

    private static TextTest Holding(string word)
    {
        var words = SearchValues.Create([word], StringComparison.OrdinalIgnoreCase);
        return text => text.ContainsAny(words);
    }

    private static RedactRule Rule(string pattern, string replace) => new(new Re2(pattern, whole: false), replace);
}
