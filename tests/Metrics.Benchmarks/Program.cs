using BenchmarkDotNet.Running;
using Metrics.Benchmarks;

// micro: BenchmarkDotNet over the hot paths.  scrape, ranges, rules, alerts, syslog, logs, search, cloud, latency, idle: the daemon as a
// process, beside a peer where there is one.  versus: this build beside another.
switch (args)
{
    case ["scrape", .. var rest]:
        return await ScrapeScenario.RunAsync(
            rest is [var rounds] ? int.Parse(rounds, System.Globalization.CultureInfo.InvariantCulture) : 3);
    case ["latency"]:
        return await LatencyScenario.RunAsync();
    case ["idle"]:
        return await IdleScenario.RunAsync();
    case ["ranges"]:
        return await RangeScenario.RunAsync();
    case ["rules"]:
        return await RuleScenario.RunAsync();
    case ["alerts"]:
        return await AlertScenario.RunAsync();
    case ["syslog"]:
        return await SyslogScenario.RunAsync();
    case ["logs", .. var rest]:
        return await LogScenario.RunAsync(
            rest is [var times] ? int.Parse(times, System.Globalization.CultureInfo.InvariantCulture) : 3);
    case ["search"]:
        return await SearchScenario.RunAsync();
    case ["cloud"]:
        return await CloudScenario.RunAsync();
    case ["big-cloud", var port]:
        return await BigCloud.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
    case ["versus", var other, .. var only]:
        return await VersusScenario.RunAsync(other, only);
    case ["micro", .. var rest]:
        BenchmarkSwitcher.FromAssembly(typeof(TextBenchmarks).Assembly).Run(rest.Length == 0 ? ["--filter", "*"] : rest);
        return 0;
    default:
        Console.WriteLine("usage: scrape [ROUNDS] | ranges | rules | alerts | syslog | logs [ROUNDS] | search | cloud | latency | idle | "
            + "versus METRICSD_DLL [SCENARIO...] | micro [BenchmarkDotNet options]");
        return 2;
}
