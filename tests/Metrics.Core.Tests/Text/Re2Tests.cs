using Metrics.Text;

namespace Metrics.Tests.Text;

/// <summary>RE2's syntax, by the rules of Go's regexp/syntax.</summary>
public sealed class Re2Tests
{
    [Theory]
    [InlineData("(a)(?P<n>b)", "ab", "$2-${n}-$1-$$-$0", "b-b-a-$-ab")]
    [InlineData("(a)(?<n>b)", "ab", "$n", "b")]
    [InlineData("(a)", "a", "<$7$other${other}>", "<>")]
    [InlineData("(a)", "a", "<$99999999999>", "<>")]
    [InlineData("(a)", "a", "<$01>", "<>")]
    [InlineData("(a)", "a", "$ ${ ${1", "$ ${ ${1")]
    [InlineData("(a)", "b", "$1", null)]
    [InlineData("(?P<n>a)|(?P<n>b)", "b", "<$n>", "<b>")]
    [InlineData("(?P<1>a)(b)", "ab", "$1$2", "ab")]
    [InlineData("(.)(.)é(.)", "a\U0001F600é\U0001F601", "$3$2$1", "\U0001F601\U0001F600a")]
    [InlineData(@"(?m:a(.)\B)", "a\n", "<$1>", "<\n>")]
    [InlineData("(.*)", "a\n", "<$1>", "<a\n>")]
    [InlineData("(.*)$", "a\n", "<$1>", "<a\n>")]
    [InlineData("(?U)(a+)(a*)", "aaa", "$1,$2", "a,aa")]
    [InlineData("(?U)(a+?)(a*)", "aaa", "$1,$2", "aaa,")]
    [InlineData("(?i:(straSSE))", "ſtraßſſe", "$1", null)]
    [InlineData("(?i:(strasse))", "ſtraſSE", "$1", "ſtraſSE")]
    public void Groups_are_put_into_a_template_and_an_unknown_one_is_empty(
        string pattern, string value, string template, string? expanded) =>
        new Re2(pattern).Expand(value, template).Should().Be(expanded);

    [Theory]
    [InlineData(@"\pL+", "aé中", "a1")]
    [InlineData(@"\PN", "a", "7")]
    [InlineData(@"\p{Lu}\p{^Lu}", "Aa", "AA")]
    [InlineData(@"\P{^Lu}", "A", "a")]
    [InlineData(@"\p{Greek}+", "αΩ", "aΩ")]
    [InlineData(@"\p{^Greek}", "a", "α")]
    [InlineData(@"[\p{Han}\p{Hiragana}]+", "日本の", "カ")]
    [InlineData(@"\p{Cyrillic}\p{Latin}", "яz", "zя")]
    [InlineData(@"\p{Old_Italic}", "\U00010300", "a")]
    [InlineData(@"[[:^digit:]]", "a", "1")]
    [InlineData(@"[^[:word:]]", "-", "_")]
    [InlineData(@"[[:word:]-]+", "a-_", ".")]
    [InlineData(@"[\D5]+", "a5", "4")]
    [InlineData(@"[\W_]+", "-_é", "a")]
    [InlineData(@"[^\S ]", "\t", " ")]
    [InlineData(@"\s", "\f", "\v")]
    [InlineData(@"[[:space:]]", "\v", "a")]
    [InlineData(@"\d\w", "1é", "1é", false)]
    [InlineData(@"(?m)a$(?s:.)^b", "a\nb", "ab")]
    [InlineData(@"a$", "a", "a\n")]
    [InlineData(@"(?m)a$\n", "a\n", "a")]
    [InlineData(@"a\z", "a", "a\n")]
    [InlineData(@"(?i)k", "\u212A", "ĸ")]
    [InlineData(@"(?i)[a-z]+", "Kelvin\u017F\u212A", "é")]
    [InlineData(@"(?i)[^k]", "ĸ", "\u212A")]
    [InlineData(@"(?i)\x{10428}", "\U00010400", "\U00010401")]
    [InlineData(@"(?i)é(?-i)é", "Éé", "ÉÉ")]
    [InlineData(@"(?i)i", "I", "ı")]
    [InlineData(@"(?i)ß", "ẞ", "ss")]
    [InlineData(@"caf\b.*", "café", "cafe")]
    [InlineData(@"\bé", "é", "é", false)]
    [InlineData(@"\Bé\B", "é", "e")]
    [InlineData(@"^.$", "\U0001F600", "\U0001F600\U0001F600")]
    [InlineData(@".{2}", "\U0001F600a", "\U0001F600")]
    [InlineData(@"[^a]", "\U0001F600", "a")]
    [InlineData(@"[\x{1F600}-\x{1F64F}]", "\U0001F601", "\U0001F680")]
    [InlineData(@"\x{1F600}+", "\U0001F600\U0001F600", "\U0001F601")]
    [InlineData(@"\123\x7a\0", "Sz\0", "Sz0")]
    [InlineData(@"\a\f\v", "\a\f\v", "a")]
    [InlineData(@"\Qa.b+\E+", "a.b++", "a.b+a.b+")]
    [InlineData(@"[]a]+", "]a", "b")]
    [InlineData(@"[^]a]", "b", "]")]
    [InlineData(@"[a-]+", "a-", "b")]
    [InlineData(@"[[:foo]+", "[:fo", "a")]
    [InlineData(@"[a-z-[aeiou]]", "-]", "b")]
    [InlineData(@"[--9]+", "-./09", ":")]
    [InlineData(@"[+.-/-]+", "+-./", "*")]
    [InlineData(@"[+--]+", "+,-", ".")]
    [InlineData(@"[a&&b]", "&", "c")]
    [InlineData(@"a{,2}|b{x}|c{01}", "a{,2}", "aa")]
    [InlineData(@"a(?i)*", "aa", "A")]
    [InlineData(@"(?:^*a)(?:$)+", "a", "b")]
    [InlineData(@"[^\x00-\x{10FFFF}]|a", "a", "b")]
    [InlineData(@"\_\-", "_-", "a")]
    [InlineData(@"a #b", "a #b", "a")]
    public void A_value_matches_as_it_does_in_Go(string pattern, string match, string other, bool matches = true)
    {
        new Re2(pattern).IsMatch(match).Should().Be(matches);
        new Re2(pattern).IsMatch(other).Should().BeFalse();
    }

    [Theory]
    [InlineData("(?n)a", "(?n, which RE2 does not know")]
    [InlineData("(?x)a", "(?x")]
    [InlineData("(?#a)b", "(?#")]
    [InlineData("(?i-)a", "(?i-)")]
    [InlineData("(?i", "does not end")]
    [InlineData("(?'n'a)", "(?'")]
    [InlineData("(?P=n)", "(?P")]
    [InlineData("(?P<a-b>c)", "names are letters, digits and _")]
    [InlineData("(?P<>c)", "names are")]
    [InlineData("(?P<n", "names are")]
    [InlineData("(?=a)", "look-around")]
    [InlineData("(?<!a)b", "look-around")]
    [InlineData("(?>a)", "atomic groups")]
    [InlineData(@"(a)\1", "back-references")]
    [InlineData(@"(?P<n>a)\k<n>", @"\k")]
    [InlineData(@"\G", @"\G, which is no escape of RE2")]
    [InlineData(@"\Z", @"\Z")]
    [InlineData(@"\C", @"\C")]
    [InlineData(@"\é", @"\é")]
    [InlineData(@"\e", @"\e")]
    [InlineData(@"\u0041", @"\u")]
    [InlineData(@"\cA", @"\c")]
    [InlineData(@"[\Qa\E]", @"\Q")]
    [InlineData(@"[\b]", @"\b")]
    [InlineData(@"[a-\d]", @"\d")]
    [InlineData(@"\x4", @"\x4; a code point is \x7F or \x{10FFFF}")]
    [InlineData(@"\x{110000}", "a code point")]
    [InlineData(@"\x{}", "a code point")]
    [InlineData(@"\p{Klingon}", "'Klingon' is no category or script")]
    [InlineData(@"\p{Greek", "without its }")]
    [InlineData("[[:foo:]]", "[:foo:]; classes are alnum, alpha")]
    [InlineData("[z-a]", "the range z-a")]
    [InlineData("[]", "without its ]")]
    [InlineData("[a", "without its ]")]
    [InlineData("a++", "possessive")]
    [InlineData("a**", "behind another repetition")]
    [InlineData("a{2}{3}", "{3} behind")]
    [InlineData("*a", "nothing before it")]
    [InlineData("a|*", "nothing before it")]
    [InlineData("(?i)*", "nothing before it")]
    [InlineData("a{1001}", "{1001}; a repetition and those in it are at most 1000")]
    [InlineData("a{99999999999}", "at most 1000")]
    [InlineData("a{3,2}", "the smaller number first")]
    [InlineData("(a{100}){11}", "at most 1000")]
    [InlineData("(a", "a ( without its )")]
    [InlineData("a)", "a ) without its (")]
    [InlineData("a)|(b", "a ) without its (")]
    [InlineData(@"a\", "ends with a backslash")]
    [InlineData(@"\Qa", @"a \Q without its \E")]
    public void What_RE2_has_not_is_refused_with_its_reason(string pattern, string reason) =>
        FluentActions.Invoking(() => new Re2(pattern)).Should().Throw<ArgumentException>().WithMessage($"*{reason}*");

    [Fact]
    public void An_expression_that_nests_without_end_is_refused()
    {
        string[] deep = [new string('(', 100_000), "a*" + string.Concat(Enumerable.Repeat("(?i)*", 100_000))];
        foreach (string pattern in deep)
            FluentActions.Invoking(() => new Re2(pattern)).Should().Throw<ArgumentException>().WithMessage("*nests*");
        new Re2(new string('(', 900) + "a" + new string(')', 900)).IsMatch("a").Should().BeTrue();
    }

    [Fact]
    public void Characters_beyond_ascii_are_told_apart_however_many_there_are()
    {
        string[] many = [.. Enumerable.Range(0, 8000).Select(i => char.ConvertFromUtf32(0x20000 + (2 * i)))];
        var regex = new Re2(string.Join('|', many));
        regex.IsMatch(many[7999]).Should().BeTrue();
        regex.IsMatch(char.ConvertFromUtf32(0x20001)).Should().BeFalse();
        many = [.. Enumerable.Range(0, 10_000).Select(i => char.ConvertFromUtf32(0x20000 + (2 * i)))];
        FluentActions.Invoking(() => new Re2(string.Join('|', many))).Should().Throw<ArgumentException>()
            .WithMessage("*different characters beyond ASCII*");
    }

    [Theory]
    [InlineData(@"\pL", 130_000)]
    [InlineData(@"(?i)\PL|", 130_000)]
    [InlineData(@"(?i)[A-\x{1FFFF}]", 130_000)]
    [InlineData(@"()", 130_000)]
    [InlineData("|", 130_000)]
    [InlineData("^", 130_000)]
    [InlineData("a", 10_001)]
    [InlineData("a{1000}", 11)]
    [InlineData("\U0001F600{1000}", 11)]
    [InlineData(@"\pL", 300)]
    public void A_large_expression_is_refused_before_it_is_built(string part, int times)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string pattern = string.Concat(Enumerable.Repeat(part, times));
        FluentActions.Invoking(() => new Re2(pattern)).Should().Throw<ArgumentException>().WithMessage("*it is too large");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(60_000_000);
    }

    [Fact]
    public void A_large_class_is_refused_before_it_is_built()
    {
        string[] inside = [string.Concat(Enumerable.Repeat(@"\pL", 130_000)), new('a', 200_000)];
        foreach (string pattern in inside.Select(i => $"[{i}]"))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            FluentActions.Invoking(() => new Re2(pattern)).Should().Throw<ArgumentException>().WithMessage("*it is too large");
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(60_000_000);
        }
    }

    [Theory]
    [InlineData("\U0001F600{999}")]
    [InlineData(@"(?:\pL|\x{1F600}){99}")]
    [InlineData("a{999}")]
    public void What_is_accepted_can_be_used_for_every_text(string part)
    {
        int accepted = 0;
        for (int times = 1; times < 12; times++)
        {
            if (TryRead(string.Concat(Enumerable.Repeat(part, times))) is not { } regex)
                continue;
            accepted++;
            regex.IsMatch("\U0001F601").Should().BeFalse();
            regex.IsMatch("a").Should().BeFalse();
        }
        accepted.Should().BeGreaterThan(1);
    }

    private static Re2? TryRead(string pattern)
    {
        try
        {
            return new Re2(pattern);
        }
        catch (ArgumentException e) when (e.Message.Contains("it is too large", StringComparison.Ordinal))
        {
            return null;
        }
    }

    [Theory]
    [InlineData("b*", "abc", "-", "-a-c-")]
    [InlineData("", "\U0001F600a", "-", "-\U0001F600-a-")]
    [InlineData("(?m)^", "a\n\U0001F600", "> ", "> a\n> \U0001F600")]
    [InlineData(@"\bb\b", "ab b éb\U0001F600b", "-", "ab - é-\U0001F600-")]
    [InlineData("(.)x", "\U0001F600xyxx", "<$1>", "<\U0001F600><y>x")]
    [InlineData(@"(\s)\B", "a\n", "<$1>", "a<\n>")]
    [InlineData(@"\Qb.\", @"ab.\b.", "-", "a-b.")]
    [InlineData("b??|", "ab", "<$0>", "<>a<>b<>")]
    [InlineData(@"\w*?(?U){1}(b|a)", "aab", "<$0>", "<a><a><b>")]
    [InlineData("z", "abc", "-", "abc")]
    [InlineData(".", "a\nb", "-", "-\n-")]
    public void Every_match_is_replaced(string pattern, string value, string template, string replaced) =>
        new Re2(pattern, whole: false, dotAll: false).Replace(value, template).Should().Be(replaced);

    [Fact]
    public void Half_a_pair_of_UTF_16_is_one_character_in_a_text_and_none_in_an_expression()
    {
        new Re2("(a)(.)(b)").Expand("a\uD83Db", "$3$2$1").Should().Be("b\uD83Da");
        FluentActions.Invoking(() => new Re2("a\uD83D")).Should().Throw<ArgumentException>().WithMessage("*half a pair*");
    }
}
