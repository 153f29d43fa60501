using System.Collections.Frozen;
using System.Globalization;

namespace Metrics.Text.Expressions;

/// <summary>Classes of code points by name: Unicode's categories, as .NET knows them, and its scripts.</summary>
internal static class UnicodeClasses
{
    /// <summary>In the order of <see cref="UnicodeCategory"/>.</summary>
    private static readonly string[] s_categories =
        ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn").Split(' ');

    /// <summary>Long names of categories.</summary>
    private static readonly FrozenDictionary<string, string> s_aliases = (
        "Other=C Control=Cc Cntrl=Cc Format=Cf Unassigned=Cn PrivateUse=Co Surrogate=Cs Letter=L CasedLetter=LC LowercaseLetter=Ll "
        + "ModifierLetter=Lm OtherLetter=Lo TitlecaseLetter=Lt UppercaseLetter=Lu Mark=M CombiningMark=M SpacingMark=Mc EnclosingMark=Me "
        + "NonspacingMark=Mn Number=N DecimalNumber=Nd Digit=Nd LetterNumber=Nl OtherNumber=No Punctuation=P Punct=P "
        + "ConnectorPunctuation=Pc DashPunctuation=Pd ClosePunctuation=Pe FinalPunctuation=Pf InitialPunctuation=Pi OtherPunctuation=Po "
        + "OpenPunctuation=Ps Symbol=S CurrencySymbol=Sc ModifierSymbol=Sk MathSymbol=Sm OtherSymbol=So Separator=Z LineSeparator=Zl "
        + "ParagraphSeparator=Zp SpaceSeparator=Zs")
        .Split(' ').Select(p => p.Split('=')).ToFrozenDictionary(p => p[0], p => p[1], StringComparer.OrdinalIgnoreCase);

    private static readonly Lazy<Dictionary<string, RuneSet>> s_byCategory = new(Categories);

    private static readonly Lazy<Dictionary<string, RuneSet>> s_byScript = new(Scripts);

    /// <summary>A category or script; null when there is none of that name. Case, blanks, hyphens and underscores do not count.</summary>
    public static RuneSet? Find(string name)
    {
        name = Plain(name);
        if (s_aliases.TryGetValue(name, out string? category))
            name = category;
        return s_byCategory.Value.GetValueOrDefault(name) ?? s_byScript.Value.GetValueOrDefault(name);
    }

    private static string Plain(string name) => string.Concat(name.Where(c => c is not ('_' or '-' or ' ')));

    private static Dictionary<string, RuneSet> Categories()
    {
        List<(int Low, int High)>[] ranges = [.. s_categories.Select(_ => new List<(int Low, int High)>())];
        for (int start = 0, rune = 1; rune <= RuneSet.Last + 1; rune++)
        {
            int category = (int)CharUnicodeInfo.GetUnicodeCategory(start);
            if (rune <= RuneSet.Last && (int)CharUnicodeInfo.GetUnicodeCategory(rune) == category)
                continue;
            ranges[category].Add((start, rune - 1));
            start = rune;
        }
        var sets = new Dictionary<string, RuneSet>(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < s_categories.Length; i++)
            sets[s_categories[i]] = RuneSet.Of(ranges[i]);
        foreach (IGrouping<char, string> group in s_categories.GroupBy(c => c[0]))
            sets[$"{group.Key}"] = RuneSet.Union(group.Select(c => sets[c]));
        sets["LC"] = RuneSet.Union([sets["Lu"], sets["Ll"], sets["Lt"]]);
        sets["Any"] = RuneSet.All;
        sets["Assigned"] = sets["Cn"].Inverted();
        sets["ASCII"] = RuneSet.Of([(0, 0x7F)]);
        return sets;
    }

    private static Dictionary<string, RuneSet> Scripts()
    {
        using Stream stream = typeof(UnicodeClasses).Assembly.GetManifestResourceStream("Scripts.txt")!;
        using var reader = new StreamReader(stream);
        var sets = new Dictionary<string, RuneSet>(StringComparer.OrdinalIgnoreCase);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            string[] words = line.Split(' ');
            sets[Plain(words[0])] = RuneSet.Of([.. words.Skip(1).Select(Range)]);
        }
        return sets;

        static (int Low, int High) Range(string text)
        {
            string[] ends = text.Split('-');
            return (int.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                int.Parse(ends[^1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }
    }
}
