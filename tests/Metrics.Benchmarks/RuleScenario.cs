using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Metrics.Benchmarks;

/// <summary>
/// 100,000 series scraped every 15 s by us and by Prometheus; 1,000 and then 10,000 alerting rules over all of them, half comparing values
/// and half rates. Prints how long a round of all rules takes, as both tell it themselves, and an instant <c>topk</c> over all series.
/// </summary>
internal static class RuleScenario
{
    /// <summary>Scrapes the target and judges the rules of r.yaml.</summary>
    public const string Configuration = "host: { enabled: false }\nrules: { shipped: false, files: [r.yaml] }\n" + Scrape;

    private const string Scrape =
        "scrape_configs: [ { job_name: bench, scrape_interval: 15s, static_configs: [ { targets: ['127.0.0.1:19701'] } ] } ]\n";
    private const int Series = 100_000;
    private const int Rounds = 7;

    public static async Task<int> RunAsync()
    {
        using HttpListener target = StartTarget();
        Console.WriteLine("| what | metricsd ms | Prometheus ms | times faster | metricsd MiB | Prometheus MiB |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (int rules in new[] { 1_000, 10_000 })
            await MeasureAsync(rules);
        return 0;
    }

    /// <summary>The target; two scrape it.</summary>
    public static HttpListener StartTarget()
    {
        var target = new HttpListener();
        target.Prefixes.Add("http://127.0.0.1:19701/");
        target.Start();
        _ = Task.Run(() => ServeAsync(target));
        return target;
    }

    private static async Task MeasureAsync(int rules)
    {
        string ours = Directory.CreateTempSubdirectory("bench-metricsd").FullName,
            theirs = Directory.CreateTempSubdirectory("bench-prometheus").FullName;
        string file = RuleFile(rules);
        await File.WriteAllTextAsync(Path.Combine(ours, "r.yaml"), file);
        await File.WriteAllTextAsync(Path.Combine(theirs, "r.yaml"), file);
        await File.WriteAllTextAsync(Path.Combine(ours, "metrics.yaml"), $"listen: 127.0.0.1:19702\n{Configuration}");
        await File.WriteAllTextAsync(
            Path.Combine(theirs, "p.yml"), "global: { scrape_interval: 15s, evaluation_interval: 15s }\nrule_files: [r.yaml]\n" + Scrape);
        using MeasuredProcess metricsd = MeasuredProcess.StartDaemon(ours);
        using MeasuredProcess prometheus = MeasuredProcess.Start(
            theirs, "prometheus", "--config.file=p.yml", $"--storage.tsdb.path={theirs}/data", "--web.listen-address=127.0.0.1:19703");
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(2) };
        await QueryClient.ReadyAsync(http, 19702);
        await QueryClient.ReadyAsync(http, 19703);
        await MeasuredProcess.WaitAsync(120);
        // Without series every round is fast.
        await QueryClient.CompareAsync(http, "/api/v1/query?query=" + Uri.EscapeDataString($"count(bench_value) == {Series}"), 1);
        var our = new List<double>();
        var their = new List<double>();
        for (int i = 0; i < Rounds; i++)
        {
            await MeasuredProcess.WaitAsync(15);
            our.Add(await RoundAsync(http, 19702, rules));
            their.Add(await RoundAsync(http, 19703, rules));
        }
        Print($"one round of {rules:#,0} rules over {Series:#,0} series", MeasuredProcess.Median(our), MeasuredProcess.Median(their),
            metricsd, prometheus);
        (double ourTop, double theirTop) =
            await QueryClient.CompareAsync(http, "/api/v1/query?query=" + Uri.EscapeDataString("topk(10, bench_value)"), 15);
        Print($"topk(10, …) over {Series:#,0} series", ourTop, theirTop, metricsd, prometheus);
    }

    private static void Print(string what, double ours, double theirs, MeasuredProcess metricsd, MeasuredProcess prometheus) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"| {what} | {ours:0.0} | {theirs:0.0} | {theirs / ours:0.0} | {metricsd.ResidentMebibytes:0} | {prometheus.ResidentMebibytes:0} "
            + $"|"));

    /// <summary>Milliseconds of the last round of the one group.</summary>
    private static async Task<double> RoundAsync(HttpClient http, int port, int rules)
    {
        (_, JsonElement data) = await QueryClient.AskAsync(http, port, "/api/v1/rules");
        JsonElement group = data.GetProperty("groups")[0];
        if (group.GetProperty("rules").GetArrayLength() != rules
            || group.GetProperty("rules").EnumerateArray().Any(r => r.GetProperty("health").GetString() != "ok"))
            throw new InvalidOperationException("Some rule is missing or in error.");
        return group.GetProperty("evaluationTime").GetDouble() * 1000;
    }

    /// <summary>The file of 1,000 or 10,000 rules, one group with an interval of 15 s.</summary>
    public static string RuleFile(int rules)
    {
        var text = new StringBuilder("groups:\n- name: bench\n  interval: 15s\n  rules:\n");
        string label = rules == 1_000 ? "g1000" : "g10000";
        for (int i = 0; i < rules; i++)
        {
            string selector = string.Create(CultureInfo.InvariantCulture, $"bench_value{{{label}=\"{i}\"}}");
            string expr = i % 2 == 0 ? $"{selector} > 1e9" : $"rate({selector}[1m]) > 1e9";
            text.Append(
                CultureInfo.InvariantCulture,
                $"  - alert: Bench{i}\n    expr: '{expr}'\n    for: 1m\n    annotations: {{ summary: '{{{{ $labels.host }}}} is at {{{{ "
                    + $"$value }}}}' }}\n");
        }
        return text.ToString();
    }

    private static byte[] Page(int version)
    {
        var page = new StringBuilder("# TYPE bench_value gauge\n");
        for (int i = 0; i < Series; i++)
            page.Append(
                CultureInfo.InvariantCulture,
                $"bench_value{{host=\"compute-{i:000000}\",g1000=\"{i % 1000}\",g10000=\"{i % 10_000}\"}} "
                    + $"{(i * 7919L % 1_000_003) + (version * (i % 13))}\n");
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    private static async Task ServeAsync(HttpListener target)
    {
        byte[][] pages = [.. Enumerable.Range(0, 8).Select(Page)];
        for (int n = 0; ; n++)
        {
            HttpListenerContext context = await target.GetContextAsync();
            byte[] body = pages[n / 2 % 8];
            _ = Task.Run(async () =>
            {
                try
                {
                    context.Response.ContentType = "text/plain; version=0.0.4";
                    context.Response.ContentLength64 = body.Length;
                    await context.Response.OutputStream.WriteAsync(body);
                    context.Response.Close();
                }
                catch (HttpListenerException)
                {
                    // Who asked has gone; the next one is answered.
                }
            });
        }
    }
}
