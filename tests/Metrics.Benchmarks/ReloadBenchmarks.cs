using BenchmarkDotNet.Attributes;
using Metrics.Rules;

namespace Metrics.Benchmarks;

/// <summary>
/// A reload of one large group: what its rules take over from those before them. Ten times the rules are to take ten times as long.
/// </summary>
[MemoryDiagnoser]
public class ReloadBenchmarks
{
    private GroupRunner _before = null!;
    private GroupRunner _after = null!;

    [Params(1_000, 10_000)]
    public int Rules { get; set; }

    [GlobalSetup]
    public void Setup() => _before = Read();

    /// <summary>Each time into rules that have taken over nothing yet.</summary>
    [IterationSetup]
    public void Renew() => _after = Read();

    [Benchmark]
    public void TakeOver() => _after.TakeOverFrom(_before);

    private GroupRunner Read()
    {
        string rules = string.Join(',', Enumerable.Range(0, Rules).Select(i => $"{{ alert: A{i}, expr: up == 0 }}"));
        return new GroupRunner(
            RuleFile.Read($"groups: [ {{ name: g, rules: [ {rules} ] }} ]", "bench.yaml", []).Single(), TimeProvider.System);
    }
}
