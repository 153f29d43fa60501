using System.Globalization;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Tests.Rules.Identity;

/// <summary>
/// The shipped rules on log-ins: each attack that is planted in normal traffic is one alert, of the right name and soon (spraying that
/// locks accounts is two, one of each name); normal traffic alone is none. METRICS_LOGIN_RUNS sets how many runs, METRICS_LOGIN_SEED which.
/// </summary>
public sealed class LoginAttackTests(ITestOutputHelper output)
{
    private const long Start = 1_780_000_000_000;
    private static readonly QueryEngine s_engine = new();

    [Fact]
    public void Normal_traffic_tells_of_the_expired_password_once_and_of_nothing_else()
    {
        foreach (int seed in Seeds(6))
        {
            Run(new LoginTraffic(seed).AddNormal()).Select(f => f.Name)
                .Should().Equal(["IdentityExpiredPassword"], "seed {0} has no attack", seed);
        }
    }

    [Fact]
    public void Each_attack_is_one_alert_of_the_right_name_in_time()
    {
        var delays = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
        var wrong = new List<string>();
        (int planted, int found, int fired) = (0, 0, 0);
        foreach (int seed in Seeds(30))
        {
            LoginTraffic traffic = new LoginTraffic(seed).AddNormal().AddBruteForce().AddFewOrigins().AddSpraying().AddSlowGuessing()
                .AddLockoutStorm().AddLockoutInTurn();
            List<FiredAlert> alerts = [.. Run(traffic).Where(f => f.Name != "IdentityExpiredPassword")];
            (planted, fired) = (planted + traffic.Attacks.Count, fired + alerts.Count);
            foreach (LoginAttack attack in traffic.Attacks)
            {
                if (alerts.Find(attack.Is) is not { } alert)
                {
                    wrong.Add($"seed {seed}: missed {attack}");
                    continue;
                }
                found++;
                alerts.Remove(alert);
                double delay = Math.Max(0, alert.Second - attack.Begin);
                if (!delays.TryGetValue(attack.Alert, out List<double>? all))
                    delays.Add(attack.Alert, all = []);
                all.Add(delay);
                if (delay > attack.Within)
                    wrong.Add($"seed {seed}: late by {delay - attack.Within} s: {attack}");
            }
            wrong.AddRange(alerts.Select(a => $"seed {seed}: false {a}"));
        }
        foreach ((string name, List<double> all) in delays)
        {
            all.Sort();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-30} {all.Count,3} found, seconds to the alert: median {all[all.Count / 2]:0}, most {all[^1]:0}"));
        }
        output.WriteLine($"planted {planted}, found {found}, alerts {fired}: recall {found / (double)planted:P1}, "
            + $"precision {found / (double)fired:P1}");
        wrong.Should().BeEmpty();
        (found, fired).Should().Be((planted, planted));
    }

    private IEnumerable<int> Seeds(int runs)
    {
        string? given = Environment.GetEnvironmentVariable("METRICS_LOGIN_SEED");
        int first = given is null ? Random.Shared.Next(1_000_000) : int.Parse(given, CultureInfo.InvariantCulture);
        output.WriteLine($"seeds from {first}");
        if (Environment.GetEnvironmentVariable("METRICS_LOGIN_RUNS") is { } asked)
            runs = int.Parse(asked, CultureInfo.InvariantCulture);
        return Enumerable.Range(first, runs);
    }

    private static List<FiredAlert> Run(LoginTraffic traffic)
    {
        GroupRunner[] runners = [.. Shipped().Select(g => new GroupRunner(g, TimeProvider.System))];
        var head = new Head(HeadOptions.Default);
        var fired = new List<FiredAlert>();
        using EventFeed feed = EventFeed.Of(traffic.Events(Start));
        long interval = (long)runners.Min(r => r.Group.Interval).TotalMilliseconds;
        for (long at = Start; at < Start + LoginTraffic.Length.TotalMilliseconds; at += interval)
        {
            while (feed.Next < at)
            {
                long arrival = feed.Next;
                foreach ((GroupRunner runner, RuleMask woken) in feed.HandTo(runners, arrival))
                    Evaluate(runner, head, arrival, woken, fired);
            }
            foreach (GroupRunner runner in runners)
                Evaluate(runner, head, at, null, fired);
        }
        return fired;
    }

    private static void Evaluate(GroupRunner runner, Head head, long at, RuleMask? chosen, List<FiredAlert> fired)
    {
        using var written = new SampleBatch("rules");
        var round = new RuleRound(head, at, Start);
        foreach ((AlertRuleState rule, AlertChange change) in
            runner.Evaluate(round, source => new LocalQueries(s_engine, source), written, TimeProvider.System, chosen))
        {
            if (change.Alert.State is AlertState.Firing)
            {
                Labels series = change.Alert.Series;
                fired.Add(new FiredAlert((at - Start) / 1000.0, rule.Rule.Name, series["user_name"], series["source_ip"]));
            }
        }
        head.Append(written, at);
        runner.Rules.Where(r => r.Error is not null).Select(r => $"{r.Rule.Name}: {r.Error}").Should().BeEmpty();
    }

    private static List<RuleGroup> Shipped()
    {
        var problems = new List<Problem>();
        string file = Path.Combine(Cases.Repository, "rules", "identity.yaml");
        List<RuleGroup> groups = [.. RuleFile.Read(File.ReadAllText(file), file, problems)];
        problems.Should().BeEmpty();
        return groups;
    }
}
