using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Metrics.Text;
using Metrics.Text.Expressions;

namespace Metrics.IntegrationTests;

/// <summary>
/// Made expressions in Prometheus's own engine, which is Go's, and in ours. METRICS_RE2 sets how many, METRICS_RE2_SEED which.
/// </summary>
public sealed partial class Re2DifferentialTests(ITestOutputHelper output)
{
    private const string Template = "<$1;${2};$n>";

    [Fact]
    public async Task Promtool_takes_the_same_expressions_and_matches_the_same()
    {
        int count = int.Parse(Environment.GetEnvironmentVariable("METRICS_RE2") ?? "500", CultureInfo.InvariantCulture);
        int seed = int.Parse(Environment.GetEnvironmentVariable("METRICS_RE2_SEED") ?? "42", CultureInfo.InvariantCulture);
        var maker = new Re2Maker(seed);
        string[] patterns = [.. Enumerable.Range(0, count).Select(_ => maker.Next())];
        string folder = Directory.CreateTempSubdirectory("re2").FullName;

        Dictionary<int, string> theyRefuse = await RefusedAsync(folder, patterns);
        Dictionary<int, string> weRefuse = [];
        var different = new List<string>();
        var taken = new List<string>();
        for (int i = 0; i < count; i++)
        {
            if (Refusal(patterns[i]) is { } why)
                weRefuse[i] = why;
            if (weRefuse.ContainsKey(i) != theyRefuse.ContainsKey(i) && !IsNewer(theyRefuse.GetValueOrDefault(i)))
            {
                different.Add($"{patterns[i]}\n    they: {theyRefuse.GetValueOrDefault(i) ?? "take it"}\n    "
                    + $"we:   {weRefuse.GetValueOrDefault(i) ?? "take it"}");
            }
            else if (!weRefuse.ContainsKey(i) && !theyRefuse.ContainsKey(i))
            {
                taken.Add(patterns[i]);
            }
        }
        string[] withRounds = [.. taken.Where(p => HasEmptyRounds(Re2Parser.Read(p, whole: true, dotAll: true).Tree))];
        string[] others = [.. taken.Except(withRounds)];
        object[] questions = [.. taken.Select(Matching), .. others.Select(Groups), .. others.Select(First)];
        string[] wrong = await WrongAsync(folder, questions);
        output.WriteLine($"seed {seed}: {count} expressions, {taken.Count} taken and {theyRefuse.Count} refused by promtool, {weRefuse.Count} by us; "
            + $"{different.Count} differ in that; {wrong.Length} of {questions.Length} answers over {Re2Maker.Values.Length} values differ; "
            + $"of {withRounds.Length} with empty rounds or alternatives only whether they match is compared");
        string.Join('\n', different.Concat(wrong)).Should().BeEmpty();
        taken.Should().HaveCountGreaterThan(count / 2);
        theyRefuse.Should().HaveCountGreaterThan(count / 20);
    }

    /// <summary>Names as (?&lt;n&gt;…) came with Go 1.22, loose names of classes with 1.25; promtool 2.42 is older.</summary>
    private static bool IsNewer(string? refusal) =>
        refusal is not null && (refusal.Contains("`(?<`", StringComparison.Ordinal) || LooseName().IsMatch(refusal));

    private static string? Refusal(string pattern)
    {
        try
        {
            _ = new Re2(pattern);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    private static async Task<Dictionary<int, string>> RefusedAsync(string folder, string[] patterns)
    {
        var rules = patterns.Select((p, i) => new { record = $"r:{i}", expr = $"s{{v=~{Quoted(p)}}}" });
        string file = Path.Combine(folder, "rules.yml");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { groups = new[] { new { name = "g", rules } } }));
        (_, string said) = await Component.RunAsync("promtool", "", "check", "rules", file);
        return RefusedRule().Matches(said).ToDictionary(
            m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture), m => m.Groups[2].Value);
    }

    /// <summary>What promtool finds wrong where our answers are what it is to expect.</summary>
    private static async Task<string[]> WrongAsync(string folder, IEnumerable<object> questions)
    {
        var test = new
        {
            interval = "1m",
            input_series = Re2Maker.Values.Select((v, i) => new { series = $"s{{v={Quoted(v)}}}", values = $"{1L << i}" }),
            promql_expr_test = questions,
        };
        string file = Path.Combine(folder, "test.yml");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { tests = new[] { test } }));
        (_, string said) = await Component.RunAsync("promtool", "", "test", "rules", file);
        said.Should().MatchRegex("SUCCESS|FAILED");
        return [.. said.Split("\n    expr: ").Skip(1)];
    }

    /// <summary>Each value is a bit of a sum. The dot takes line feeds since Prometheus 3.</summary>
    private static object Matching(string pattern)
    {
        var regex = new Re2(pattern);
        long bits = Re2Maker.Values.Select((v, i) => regex.IsMatch(v) ? 1L << i : 0).Sum();
        return Expectation($"sum(s{{v=~{Quoted("(?s)" + pattern)}}}) or vector(0)", [new { labels = "{}", value = bits }]);
    }

    private static object Groups(string pattern)
    {
        var regex = new Re2(pattern);
        return Expectation(Labelled("(?s)" + pattern, Template), Counts(v => regex.Expand(v, Template)));
    }

    private static object First(string pattern)
    {
        var regex = new Re2(pattern, whole: false);
        return Expectation(Labelled($"(?s:.*?)(?s:({pattern}))(?s:.*)", "<$1>"), Counts(v => regex.Expand(v, "<$0>")));
    }

    private static string Labelled(string pattern, string template) =>
        $"count by (r) (label_replace(s, \"r\", {Quoted(template)}, \"v\", {Quoted(pattern)}))";

    private static IEnumerable<object> Counts(Func<string, string?> answer) => Re2Maker.Values
        .GroupBy(v => answer(v) ?? "")
        .Select(g => new { labels = g.Key.Length == 0 ? "{}" : $"{{r={Quoted(g.Key)}}}", value = g.Count() });

    private static object Expectation(string expr, IEnumerable<object> samples) => new { expr, eval_time = "0s", exp_samples = samples };

    /// <summary>As Go quotes it, in ASCII.</summary>
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
                quoted.Append('\\').Append((char)rune.Value);
            else if (rune.Value is >= ' ' and <= '~')
                quoted.Append((char)rune.Value);
            else
                quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}");
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>
    /// Where what may be empty is repeated, .NET ends with an empty round and Go does not: its groups then hold other texts, and the
    /// first match may end elsewhere; so it may where what may be empty stands between alternatives. Whether a value matches is the same.
    /// </summary>
    private static bool HasEmptyRounds(Re2Node node) => node switch
    {
        Repeat repeat => (repeat.Max is null or > 1 && MayBeEmpty(repeat.Part)) || HasEmptyRounds(repeat.Part),
        CaptureGroup group => HasEmptyRounds(group.Part),
        Sequence sequence => sequence.Parts.Any(HasEmptyRounds),
        Choice choice => choice.Parts.Skip(1).SkipLast(1).Any(MayBeEmpty) || choice.Parts.Any(HasEmptyRounds),
        _ => false,
    };

    private static bool MayBeEmpty(Re2Node node) => node switch
    {
        Repeat repeat => repeat.Min == 0 || MayBeEmpty(repeat.Part),
        CaptureGroup group => MayBeEmpty(group.Part),
        Sequence sequence => sequence.Parts.All(MayBeEmpty),
        Choice choice => choice.Parts.Any(MayBeEmpty),
        _ => node is Place,
    };

    [GeneratedRegex(@"`\\[pP]\{[\w -]*[_ -]|`\\[pP]\{?\^?[a-z]")]
    private static partial Regex LooseName();

    [GeneratedRegex(@"""r:(\d+)"": could not parse expression: (.*)")]
    private static partial Regex RefusedRule();
}
