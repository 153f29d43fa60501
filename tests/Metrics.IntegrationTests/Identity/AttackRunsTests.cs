using System.Collections.Concurrent;
using System.Globalization;

namespace Metrics.IntegrationTests.Identity;

/// <summary>
/// Attacks by chance on a real Keystone, beside an office at the change of shifts: each is told by its right name in seconds, once, and
/// nothing else is. Once, unless <c>METRICS_ATTACK_RUNS</c> asks for more; <c>METRICS_ATTACK_SEED</c> is where they begin.
/// </summary>
[Collection<CloudTests>]
public sealed class AttackRunsTests(RealCloud cloud, ITestOutputHelper output)
{
    /// <summary>Of so many runs one has no attack.</summary>
    private const int NormalEvery = 6;

    /// <summary>So many rounds later also what waits for two minutes is told (<c>unless: after: 2m</c>).</summary>
    private const int LastRounds = 10;

    private readonly ConcurrentDictionary<string, string> _names = new();

    [Fact]
    public async Task Every_attack_is_found_and_told_right_and_a_normal_hour_raises_no_alarm()
    {
        cloud.Need();
        await StartKeystoneAsync();
        int count = int.Parse(Environment.GetEnvironmentVariable("METRICS_ATTACK_RUNS") ?? "1", CultureInfo.InvariantCulture);
        int first = Environment.GetEnvironmentVariable("METRICS_ATTACK_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next(1_000_000);
        var table = new DetectionTable();
        var runs = new List<AttackRun>();
        // Of many runs one daemon sees all, and tells what comes late.
        await using Daemon? witness = count == 1 ? null : await AttackRun.StartDaemonAsync(cloud, $"from-{first}");
        AlertWatch? later = witness is null ? null : new AlertWatch(witness, _names);
        for (int n = 0; n < count; n++)
        {
            AttackRun run = new(cloud, new AttackPlan(first + n, isNormal: n % NormalEvery == NormalEvery - 1), _names);
            runs.Add(run);
            Print(run.Plan);
            await run.RunAsync();
            table.Add(run).ForEach(line => output.WriteLine("  " + line));
            if (later is not null)
                await later.LookAsync();
        }
        if (later is not null)
        {
            await later.RoundsAsync(LastRounds);
            table.AddLater(runs, later.Told.Keys).ForEach(output.WriteLine);
        }
        await cloud.StopAsync(RealCloud.Locking);
        output.WriteLine(table.ToString());
        table.Faults.Should().BeEmpty();
    }

    /// <summary>Until somebody has logged in: its exchange is there then.</summary>
    private async Task StartKeystoneAsync()
    {
        await cloud.StartAsync(RealCloud.Locking);
        using var office = new KeystoneClient(cloud.LockingKeystone, "127.0.1.1");
        await Eventually.Async(
            async () => await office.LogInAsync("admin", cloud.Password, "admin") is not null, "the Keystone that locks accounts answers");
    }

    private void Print(AttackPlan plan) => output.WriteLine(
        $"seed {plan.Seed}: {plan.Lanes.Sum(l => l.LogIns.Count)} log-ins{(plan.IsLocking ? ", accounts are locked" : "")}: "
        + string.Join(", ", plan.Expected.Select(e => e.Attack)));
}
