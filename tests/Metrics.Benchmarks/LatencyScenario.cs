using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Metrics.Benchmarks;

/// <summary>From the sending of a sample over its threshold to the arrival of its webhook, for 500 samples, one after the other.</summary>
internal static class LatencyScenario
{
    private const int WarmUp = 50;
    private const int Samples = 500;

    public static async Task<int> RunAsync()
    {
        List<double> milliseconds = await MeasureAsync();
        Console.WriteLine("| samples | p50 ms | p90 ms | p99 ms | max ms |\n| --- | --- | --- | --- | --- |");
        Console.WriteLine(
            string.Create(
            CultureInfo.InvariantCulture, $"| {Samples} | {At(.5):0.0} | {At(.9):0.0} | {At(.99):0.0} | {milliseconds[^1]:0.0} |"));
        return 0;

        double At(double quantile) => milliseconds[(int)(milliseconds.Count * quantile)];
    }

    /// <summary>Milliseconds of each sample, the quickest first.</summary>
    /// <param name="dll">The daemon; null is that of this build.</param>
    public static async Task<List<double>> MeasureAsync(string? dll = null)
    {
        using var hook = new HttpListener();
        hook.Prefixes.Add("http://127.0.0.1:19711/");
        hook.Start();
        var arrived = new ConcurrentDictionary<string, TaskCompletionSource<long>>();
        _ = Task.Run(() => ServeAsync(hook, arrived));
        string folder = Directory.CreateTempSubdirectory("bench-latency").FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "rules.yaml"),
            "groups: [ { name: g, interval: 1m, rules: [ { alert: Over, expr: load_v, above: 5 } ] } ]\n");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "metrics.yaml"),
            "listen: 127.0.0.1:19712\nrules: { files: ['rules.yaml'] }\nreceivers: [ { name: r, webhook_configs: [ { url: "
                + "'http://127.0.0.1:19711/' } ] } ]\n");
        using MeasuredProcess metricsd = MeasuredProcess.StartDaemon(folder, dll);
        await MeasuredProcess.WaitAsync(8);
        using var http = new HttpClient();
        var milliseconds = new List<double>();
        for (int i = 0; i < WarmUp + Samples; i++)
        {
            string id = i.ToString(CultureInfo.InvariantCulture);
            TaskCompletionSource<long> came =
                arrived.GetOrAdd(id, _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));
            long sent = TimeProvider.System.GetTimestamp();
            Task<HttpResponseMessage> push = http.PostAsync("http://127.0.0.1:19712/write", new StringContent($"load,id={id} v=9"));
            long at = await came.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
            if (i >= WarmUp)
                milliseconds.Add(TimeProvider.System.GetElapsedTime(sent, at).TotalMilliseconds);
            (await push).EnsureSuccessStatusCode();
        }
        milliseconds.Sort();
        return milliseconds;
    }

    private static async Task ServeAsync(HttpListener hook, ConcurrentDictionary<string, TaskCompletionSource<long>> arrived)
    {
        while (true)
        {
            HttpListenerContext context = await hook.GetContextAsync();
            long at = TimeProvider.System.GetTimestamp();
            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            foreach (Match id in Regex.Matches(await reader.ReadToEndAsync(), "\"id\":\"(\\d+)\"").DistinctBy(m => m.Value))
                arrived.GetOrAdd(id.Groups[1].Value, _ => new TaskCompletionSource<long>()).TrySetResult(at);
            context.Response.StatusCode = 200;
            context.Response.Close();
        }
    }
}
