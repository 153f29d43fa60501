using System.Globalization;

namespace Metrics.IntegrationTests.Identity;

/// <summary>
/// Attacks by chance on a real Keystone, beside an office at the change of shifts: each is told by its right name in seconds, once, and
/// nothing else is. Once, unless <c>METRICS_ATTACK_RUNS</c> asks for more; <c>METRICS_ATTACK_SEED</c> is where they begin.
/// </summary>
[Collection<CloudTests>]
public sealed class AttackRunsTests(RealCloud cloud, ITestOutputHelper output)
{
    /// <summary>Of so many runs one is a normal hour.</summary>
    private const int NormalEvery = 6;

    [Fact]
    public async Task Every_attack_is_found_and_told_right_and_a_normal_hour_raises_no_alarm()
    {
        cloud.Need();
        await cloud.StartAsync(RealCloud.Locking);
        int runs = int.Parse(Environment.GetEnvironmentVariable("METRICS_ATTACK_RUNS") ?? "1", CultureInfo.InvariantCulture);
        int first = Environment.GetEnvironmentVariable("METRICS_ATTACK_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next(1_000_000);
        var table = new DetectionTable();
        for (int seed = first; seed < first + runs; seed++)
        {
            var plan = new AttackPlan(seed, isNormal: (seed - first) % NormalEvery == NormalEvery - 1);
            output.WriteLine($"seed {seed}: {plan.Lanes.Sum(l => l.LogIns.Count)} log-ins, {(plan.IsLocking ? "accounts are locked" : "nothing is locked")}; "
                + string.Join(", ", plan.Expected.Select(e => e.Attack)));
            var run = new AttackRun(cloud, plan);
            await run.RunAsync();
            foreach (string line in table.Add(plan, run))
                output.WriteLine("  " + line);
        }
        output.WriteLine(table.ToString());
        await cloud.StopAsync(RealCloud.Locking);
        table.Faults.Should().BeEmpty();
    }
}
