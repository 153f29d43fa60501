using System.Globalization;
using System.Net;

namespace Metrics.Benchmarks;

/// <summary>
/// Another build of the daemon, such as that of the release before, against this one: five runs of each, interleaved. Where they do not
/// stand in each other's way both run at the same time; else one after the other, in turns the first. Prints the medians, and between
/// which bounds the runs of each lie.
/// </summary>
internal static class VersusScenario
{
    private const int Runs = 5;
    private const int Rules = 10_000;
    private const int Alerts = 10_000;

    private static readonly Dictionary<string, Func<string, string, int, Task<(Figures Other, Figures Ours)>>> s_scenarios = new()
    {
        ["scrape"] = ScrapeAsync, ["rules"] = RulesAsync, ["alerts"] = AlertsAsync, ["latency"] = LatencyAsync, ["idle"] = IdleAsync,
    };

    /// <summary>What one run of one build came to, by name.</summary>
    private sealed class Figures : Dictionary<string, double>;

    /// <param name="other">The other build's metricsd.dll.</param>
    /// <param name="only">Names of scenarios; none is all.</param>
    public static async Task<int> RunAsync(string other, string[] only)
    {
        string ours = Path.Combine(AppContext.BaseDirectory, "metricsd.dll");
        Console.WriteLine("| scenario | figure | other: median (from … to) | this build: median (from … to) | this / other |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (string name in only.Length > 0 ? only : [.. s_scenarios.Keys])
        {
            var runs = new List<(Figures Other, Figures Ours)>();
            for (int run = 0; run < Runs; run++)
                runs.Add(await s_scenarios[name](other, ours, run));
            foreach (string figure in runs[0].Ours.Keys)
                Print(name, figure, [.. runs.Select(r => r.Other[figure])], [.. runs.Select(r => r.Ours[figure])]);
        }
        return 0;
    }

    private static void Print(string scenario, string figure, double[] other, double[] ours)
    {
        (double before, double now) = (MeasuredProcess.Median(other), MeasuredProcess.Median(ours));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {scenario} | {figure} | {before:#,0.##} ({other.Min():#,0.##} … {other.Max():#,0.##}) "
                + $"| {now:#,0.##} ({ours.Min():#,0.##} … {ours.Max():#,0.##}) | {now / before:0.00} |"));
    }

    private static async Task<(Figures Other, Figures Ours)> ScrapeAsync(string other, string ours, int run)
    {
        using HttpListener target = ScrapeScenario.StartTarget();
        return await BesideAsync(other, ours, ScrapeScenario.Configuration, null, warmUp: 75, seconds: 60, (cpu, memory) => new Figures
        {
            ["samples per CPU-second"] = ScrapeScenario.Series * 60.0 / ScrapeScenario.Interval / cpu, ["MiB"] = memory,
        });
    }

    private static async Task<(Figures Other, Figures Ours)> RulesAsync(string other, string ours, int run)
    {
        using HttpListener target = RuleScenario.StartTarget();
        string file = RuleScenario.RuleFile(Rules);
        return await BesideAsync(other, ours, RuleScenario.Configuration, file, warmUp: 75, seconds: 60, (cpu, memory) => new Figures
        {
            ["rules per CPU-second, scraping included"] = Rules * 60 / 15 / cpu, ["MiB"] = memory,
        });
    }

    private static Task<(Figures Other, Figures Ours)> IdleAsync(string other, string ours, int run) =>
        BesideAsync(other, ours, "", null, warmUp: 60, seconds: 90, port: 19706, figures: (cpu, memory) => new Figures
        {
            ["CPU % of a core"] = cpu / 90 * 100, ["MiB"] = memory,
        });

    private static Task<(Figures Other, Figures Ours)> AlertsAsync(string other, string ours, int run) =>
        InTurnsAsync(other, ours, run, async dll =>
        {
            AlertScenario.Outcome outcome = await AlertScenario.MeasureAsync(dll, Alerts);
            return new Figures
            {
                ["alerts per CPU-second"] = Alerts / outcome.Cpu, ["first message s"] = outcome.First, ["last alert s"] = outcome.All,
                ["MiB"] = outcome.Mebibytes,
            };
        });

    private static Task<(Figures Other, Figures Ours)> LatencyAsync(string other, string ours, int run) =>
        InTurnsAsync(other, ours, run, async dll =>
        {
            List<double> milliseconds = await LatencyScenario.MeasureAsync(dll);
            return new Figures
            {
                ["p50 ms"] = milliseconds[milliseconds.Count / 2], ["p99 ms"] = milliseconds[(int)(milliseconds.Count * 0.99)],
            };
        });

    /// <summary>Both at the same time; at a port and the one after it.</summary>
    private static async Task<(Figures Other, Figures Ours)> BesideAsync(
        string other, string ours, string configuration, string? rules, int warmUp, int seconds, Func<double, double, Figures> figures,
        int port = 19702)
    {
        using MeasuredProcess before = Start(other, port), now = Start(ours, port + 1);
        await MeasuredProcess.WaitAsync(warmUp);
        (double beforeCpu, double nowCpu) = (before.CpuSeconds, now.CpuSeconds);
        await MeasuredProcess.WaitAsync(seconds);
        return (figures(before.CpuSeconds - beforeCpu, before.ResidentMebibytes), figures(now.CpuSeconds - nowCpu, now.ResidentMebibytes));

        MeasuredProcess Start(string dll, int at)
        {
            string folder = Directory.CreateTempSubdirectory("bench-versus").FullName;
            File.WriteAllText(Path.Combine(folder, "metrics.yaml"), $"listen: 127.0.0.1:{at}\n{configuration}");
            File.WriteAllText(Path.Combine(folder, "r.yaml"), rules ?? "groups: []\n");
            return MeasuredProcess.StartDaemon(folder, dll);
        }
    }

    private static async Task<(Figures Other, Figures Ours)> InTurnsAsync(
        string other, string ours, int run, Func<string, Task<Figures>> measure)
    {
        if (run % 2 == 0)
            return (await measure(other), await measure(ours));
        Figures now = await measure(ours);
        return (await measure(other), now);
    }
}
