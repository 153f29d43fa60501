using System.Globalization;

namespace Metrics.Benchmarks;

/// <summary>
/// A large cloud polled whole: how long, how many calls, how much processor time and memory; then what it costs while nothing changes.
/// </summary>
internal static class CloudScenario
{
    private const int Minutes = 4;

    /// <summary>Those of the services that the large cloud has.</summary>
    private const int Collections = 30;

    public static async Task<int> RunAsync()
    {
        using MeasuredProcess cloud =
            MeasuredProcess.Start(
                Directory.CreateTempSubdirectory("bench-cloud").FullName, "dotnet",
                Path.Combine(AppContext.BaseDirectory, "Metrics.Benchmarks.dll"), "big-cloud", "19760");
        await MeasuredProcess.WaitAsync(15);
        await RunAsync("every metric", "");
        await RunAsync("without a series for each port and each server's disk",
            ", disabled_metrics: [openstack_neutron_port, openstack_nova_server_local_gb]");
        return 0;
    }

    private static async Task RunAsync(string what, string more)
    {
        using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:19761/"), Timeout = TimeSpan.FromSeconds(20) };
        string folder = Directory.CreateTempSubdirectory("bench-metricsd").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "metrics.yaml"), $$"""
            listen: 127.0.0.1:19761
            host: { enabled: false }
            head: { max_series_per_source: 2000000 }
            openstack: [ { name: big, auth: { auth_url: 'http://127.0.0.1:19760/identity/v3', username: u, password: p, project_name: x }, requests_per_second: 2000, concurrency: 8{{more}} } ]
            """);
        using MeasuredProcess metricsd = MeasuredProcess.StartDaemon(folder);
        long start = TimeProvider.System.GetTimestamp();
        int whole = 0;
        while (whole < Collections && TimeProvider.System.GetElapsedTime(start).TotalMinutes < 4)
        {
            await MeasuredProcess.WaitAsync(1);
            whole = await CollectionsAsync(http);
        }
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($"\n{what}:\n\n| what | seconds | calls | CPU s | cores | resident MiB | series |\n| --- | --- | --- | --- | --- "
            + $"| --- | --- |");
        double calls = await OwnAsync(http, "metricsd_cloud_requests_total"), cpu = metricsd.CpuSeconds,
            series = await OwnAsync(http, "metricsd_head_series");
        Console.WriteLine(
            string.Create(
            CultureInfo.InvariantCulture,
            $"| from the start until all {whole} collections are there | {seconds:0} | {calls:N0} | {cpu:0.0} | {cpu / seconds:0.00} | "
                + $"{metricsd.ResidentMebibytes:0} | {series:N0} |"));
        for (int minute = 1; minute <= Minutes; minute++)
        {
            await MeasuredProcess.WaitAsync(60);
            (double moreCalls, double moreCpu) = (await OwnAsync(http, "metricsd_cloud_requests_total"), metricsd.CpuSeconds);
            series = await OwnAsync(http, "metricsd_head_series");
            Console.WriteLine(
                string.Create(
                CultureInfo.InvariantCulture,
                $"| minute {minute} after that, nothing changes | 60 | {moreCalls - calls:N0} | {moreCpu - cpu:0.0} | "
                    + $"{(moreCpu - cpu) / 60:0.00} | {metricsd.ResidentMebibytes:0} | {series:N0} |"));
            (calls, cpu) = (moreCalls, moreCpu);
        }
    }

    /// <summary>Collections whose last poll succeeded.</summary>
    private static async Task<int> CollectionsAsync(HttpClient http)
    {
        try
        {
            string page = await http.GetStringAsync(new Uri("federate?match[]=up%7Bjob%3D%22openstack%22%7D", UriKind.Relative));
            return page.Split('\n')
                .Count(l => l.StartsWith("up{", StringComparison.Ordinal) && l.Contains("} 1 ", StringComparison.Ordinal));
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    private static async Task<double> OwnAsync(HttpClient http, string metric) =>
        (await http.GetStringAsync(new Uri("metrics", UriKind.Relative))).Split('\n')
        .Where(l => l.StartsWith(metric, StringComparison.Ordinal) && l[metric.Length] is ' ' or '{')
        .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
}
