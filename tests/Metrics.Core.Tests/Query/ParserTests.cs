using Metrics.Query;
using Metrics.Query.Syntax;

namespace Metrics.Tests.Query;

public sealed class ParserTests
{
    [Theory]
    [InlineData("up", "up")]
    [InlineData(" node_cpu:rate5m { mode = \"idle\" , } ", "node_cpu:rate5m{mode=\"idle\"}")]
    [InlineData("{__name__=~\"node_.*\",job!='x'}", "{__name__=~\"node_.*\",job!=\"x\"}")]
    [InlineData("{\"http.status\", `a b`=\"c\\n\"}", "{\"http.status\",\"a b\"=\"c\\n\"}")]
    [InlineData("sum(rate(x[5m]))by(a)", "sum by (a) (rate(x[5m]))")]
    [InlineData("-1 ^ 2 * 3", "-1 ^ 2 * 3")]
    [InlineData("a + b * c unless d or e", "a + b * c unless d or e")]
    [InlineData("topk without(a,b)(5,x) offset 1h30m",
        "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery")]
    [InlineData("x[5m:] @ end() offset -1m", "x[5m:] @ end() offset -1m")]
    [InlineData("x @ 1.5 > bool on(a) group_left(b) y", "x @ 1.500 > bool on (a) group_left (b) y")]
    [InlineData("sum + avg # metrics, not operators", "sum + avg")]
    [InlineData("0x1f + 1_000 + .5e1 + Inf", "31 + 1000 + 5 + +Inf")]
    [InlineData("x[step() * 2 : max(30s, step())]", "x[step() * 2:max(30s, step())]")]
    [InlineData("\"\\u00e9\\x41\\101\\n\"", "\"éAA\\n\"")]
    [InlineData("a + fill(0) b", "a + fill (0) b")]
    [InlineData("rate(x[5m] smoothed)", "rate(x[5m] smoothed)")]
    public void An_expression_is_read_and_written_in_its_canonical_form(string text, string expected)
    {
        Expr? expr = Parser.TryParse(text, out QueryError? error);
        (expr?.ToString() ?? error!.ToString()).Should().Be(expected);
        if (expr is not null)
            Parser.TryParse(expr.ToString(), out _)!.ToString().Should().Be(expected, "what is written reads back as the same");
    }

    [Theory]
    [InlineData("", "1:1: parse error: no expression found in input")]
    [InlineData("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher")]
    [InlineData("up{job=}", "1:8: parse error: unexpected \"}\" in label matching, expected string")]
    [InlineData("up{job=\"a}", "1:8: parse error: unterminated quoted string")]
    [InlineData("up{job \"a\"}",
        "1:8: parse error: unexpected string \"a\" in label matching, expected label matching operator: =, !=, =~ or !~")]
    [InlineData("up{a=~\"(\"}", "1:7: parse error: error parsing regexp: '(': *")]
    [InlineData("up{a=~\"(?=x)\"}", "1:7: parse error: error parsing regexp: look-around*")]
    [InlineData("sum(up", "1:7: parse error: unclosed left parenthesis")]
    [InlineData("up)", "1:3: parse error: unexpected right parenthesis ')'")]
    [InlineData("1 +\n  * 2", "2:3: parse error: unexpected <op:*>")]
    [InlineData("rate(up)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector")]
    [InlineData("ratee(up[5m])", "1:1: parse error: unknown function with name \"ratee\"")]
    [InlineData("Rate(up[5m])", "1:1: parse error: unknown function with name \"Rate\"; did you mean \"rate\"?")]
    [InlineData("round(up, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3")]
    [InlineData("up[5m] + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types")]
    [InlineData("1 == 1", "1:1: parse error: comparisons between scalars must use BOOL modifier")]
    [InlineData("up and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression")]
    [InlineData("up + bool up", "1:1: parse error: bool modifier can only be used on comparison operators")]
    [InlineData("up and on(a) group_left up", "1:1: parse error: no grouping allowed for \"and\" operation")]
    [InlineData("sum(up)[5m]",
        "1:1: parse error: ranges only allowed for vector selectors; for any other expression write a subquery, such as [300s:]")]
    [InlineData("up[0s]", "1:4: parse error: duration must be greater than 0")]
    [InlineData("up[5]m", "1:6: parse error: unexpected identifier \"m\", expected an operator or end of input")]
    [InlineData("up offset 5", "")]
    [InlineData("up offset 1h offset 1h", "1:14: parse error: offset may not be set multiple times")]
    [InlineData("5mm", "1:1: parse error: bad number or duration syntax: \"5mm\"")]
    [InlineData("\"\\q\"", "1:2: parse error: unknown escape sequence 'q'")]
    [InlineData("foo{a=\"b\"} bar", "1:12: parse error: unexpected identifier \"bar\", expected an operator or end of input")]
    [InlineData("up{\"a\",\"b\"}", "1:4: parse error: metric name must not be set twice: \"up\" or \"a\"")]
    [InlineData("topk(up)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1")]
    [InlineData("a § b", "1:3: parse error: unexpected character: U+00A7")]
    public void A_wrong_one_is_refused_with_its_place_and_what_was_expected(string text, string expected)
    {
        Expr? expr = Parser.TryParse(text, out QueryError? error);
        if (expected.Length == 0)
            expr.Should().NotBeNull($"{error}");
        else
            $"{error}".Should().Match(expected);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("-", "")]
    [InlineData("abs(", ")")]
    [InlineData("sum by (a) (", ")")]
    [InlineData("1 + ", "")]
    [InlineData("1 ^ ", "")]
    [InlineData("x or (", ")")]
    public void Nesting_ten_thousand_deep_is_an_error_and_no_overflow(string open, string close)
    {
        string text = string.Concat(Enumerable.Repeat(open, 10_000)) + "x" + string.Concat(Enumerable.Repeat(close, 10_000));
        Parser.TryParse(text, out QueryError? error).Should().BeNull();
        error!.Message.Should().Contain("nests deeper than 400 levels");
        string durations = $"x[{string.Concat(Enumerable.Repeat("(", 10_000))}5m{string.Concat(Enumerable.Repeat(")", 10_000))}]";
        Parser.TryParse(durations, out error).Should().BeNull();
        Parser.TryParse("x[5m" + string.Concat(Enumerable.Repeat("+1m", 10_000)) + "]", out error).Should().BeNull();
    }

    [Fact]
    public void Whatever_is_offered_gets_an_expression_or_the_documented_error()
    {
        string[] real = [.. File.ReadAllLines(Metrics.Testing.Cases.Own("queries.txt")).Where(l => l.Length > 0)];
        real.Should().HaveCountGreaterThan(40);
        int rounds =
            int.Parse(Environment.GetEnvironmentVariable("METRICS_FUZZ") ?? "20000", System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(11);
        int read = 0;
        for (int i = 0; i < rounds; i++)
        {
            string text = i % 10 == 0 ? Noise(random) : Mutated(real[random.Next(real.Length)], random);
            if (Parser.TryParse(text, out QueryError? error) is { } expr)
            {
                read++;
                Parser.TryParse(expr.ToString(), out QueryError? again).Should()
                    .NotBeNull($"'{text}' is written as '{expr}', which must read back: {again}");
            }
            else
            {
                error!.Message.Should().NotBeEmpty();
                error.Line.Should().BePositive();
            }
        }
        read.Should().BeGreaterThan(rounds / 50, "mutations that never parse only try the lexer");
    }

    private static string Noise(Random random)
    {
        var bytes = new byte[random.Next(60)];
        random.NextBytes(bytes);
        return random.Next(2) == 0 ? System.Text.Encoding.Latin1.GetString(bytes) : System.Text.Encoding.UTF8.GetString(bytes);
    }

    private static string Mutated(string query, Random random)
    {
        const string Signs = "(){}[]\"'`,:@+-*/%^=!<>~#._ 0159abxemshdinN\\\n\0é";
        string[] words =
            [" by ", " on(", " offset ", " @ ", " bool ", "[5m:", "rate(", " or ", " group_left ", "fill(0)", " smoothed", "step()", "1e",
                "0x", "Inf"];
        var text = new System.Text.StringBuilder(query);
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            int at = random.Next(text.Length + 1);
            switch (random.Next(4))
            {
                case 0 when text.Length > 0:
                    int from = random.Next(text.Length);
                    text.Remove(from, Math.Min(random.Next(1, 6), text.Length - from));
                    break;
                case 1:
                    text.Insert(at, Signs[random.Next(Signs.Length)]);
                    break;
                case 2:
                    text.Insert(at, words[random.Next(words.Length)]);
                    break;
                default:
                    int start = random.Next(query.Length);
                    text.Insert(at, query[start..Math.Min(query.Length, start + random.Next(1, 20))]);
                    break;
            }
        }
        return text.ToString();
    }
}
