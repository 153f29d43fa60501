using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Tests.Rules;

/// <summary>Rules of a text over samples at moments of choice; times in seconds.</summary>
internal sealed class RuleHarness(IRuleEnvironment? surroundings = null)
{
    private const long Start = 1_700_000_000_000;
    private static readonly QueryEngine s_engine = new();

    public Head Head { get; private init; } = new(HeadOptions.Default);

    /// <summary>What stands before the head for all but the expressions themselves; null is nothing.</summary>
    public ISeriesSource? Before { get; set; }

    public IReadOnlyList<AlertRuleState> Rules { get; private set; } = [];

    public long ListeningSince { get; set; } = Start;

    public static long At(int second) => Start + (second * 1000L);

    /// <summary>Reads alerting rules from the body of one.</summary>
    public RuleHarness Read(string body)
    {
        Rules = [.. Parse(body, out List<Problem> problems).Select(r => new AlertRuleState(r, TimeProvider.System))];
        problems.Should().BeEmpty();
        return this;
    }

    /// <summary>Other rules over the same samples.</summary>
    public RuleHarness Reload(string body) => new RuleHarness { Head = Head, ListeningSince = ListeningSince }.Read(body);

    public static IReadOnlyList<AlertRule> Parse(string body, out List<Problem> problems)
    {
        problems = [];
        string text = $"groups:\n  - name: g\n    rules:\n      - alert: Test\n        {body.ReplaceLineEndings("\n        ")}\n";
        return [.. RuleFile.Read(text, "test.yaml", problems).SelectMany(g => g.Alerting)];
    }

    /// <summary>Appends samples and evaluates; returns what is open: <c>host=a severity=warning firing</c>.</summary>
    public IReadOnlyList<AlertChange> Evaluate(int second, params (Labels Series, double Value)[] samples)
    {
        Append(second, samples);
        var context = new RuleContext(Before ?? Head, new LocalQueries(s_engine, Head), At(second), ListeningSince)
        {
            Environment = surroundings ?? NoRuleEnvironment.Instance,
        };
        return [.. Rules.SelectMany(r => r.Evaluate(context))];
    }

    /// <summary>Appends samples that no round looks at yet.</summary>
    public void Append(int second, params (Labels Series, double Value)[] samples)
    {
        using var batch = new SampleBatch("test");
        foreach ((Labels series, double value) in samples)
            batch.Add(series, At(second), value);
        Head.Append(batch, At(second));
    }

    public string Open =>
        string.Join("; ",
            Rules.SelectMany(r => r.Alerts)
            .Select(a => $"{a.Series["host"]} {a.Labels["severity"]} {a.State.Name}".Replace("  ", " ", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));
}
