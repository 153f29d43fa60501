using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Metrics.Benchmarks;

/// <summary>Syslog over TCP from loopback, as fast as it is taken: messages accepted and committed a second, and what they cost.</summary>
internal static class SyslogScenario
{
    private const int Port = 19724;
    private const int SyslogPort = 19725;
    private const int Messages = 1_000_000;
    private const int PerWrite = 500;

    /// <summary>Runs it with one connection and with four.</summary>
    public static async Task<int> RunAsync()
    {
        Console.WriteLine(
            "| connections | messages/s accepted | messages/s committed | CPU µs a message | resident MiB |\n"
            + "| --- | --- | --- | --- | --- |");
        foreach (int connections in (int[])[1, 4])
            await RunAsync(connections);
        return 0;
    }

    private static async Task RunAsync(int connections)
    {
        string folder = Directory.CreateTempSubdirectory("bench-syslog").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "metrics.yaml"),
            $"listen: 127.0.0.1:{Port}\nhost: {{ enabled: false }}\n"
            + $"inputs: {{ syslog: [ {{ listen: 'tcp://127.0.0.1:{SyslogPort}' }} ] }}\n");
        using MeasuredProcess metricsd = MeasuredProcess.StartDaemon(folder);
        using var http = new HttpClient();
        await UntilAsync(async () => (await http.GetAsync($"http://127.0.0.1:{Port}/-/ready")).IsSuccessStatusCode);
        double cpu = metricsd.CpuSeconds;
        long start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(c => Task.Run(() => SendAsync(c, Messages / connections))));
        await UntilAsync(async () => await EventsAsync(http) >= Messages);
        double accepted = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        // A commit waits for all before it: when one more message is answered for, all are on disk.
        using var marker = new StringContent("{\"kind\":\"marker\",\"body\":\"end\"}\n", Encoding.UTF8, "application/x-ndjson");
        (await http.PostAsync($"http://127.0.0.1:{Port}/api/v1/events", marker)).EnsureSuccessStatusCode();
        double committed = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        (double used, double resident) = (metricsd.CpuSeconds - cpu, metricsd.ResidentMebibytes);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {connections} | {Messages / accepted:#,0} | {Messages / committed:#,0} | {used / Messages * 1e6:0.0} | {resident:0} |"));
    }

    private static async Task SendAsync(int connection, int count)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", SyslogPort);
        await using NetworkStream stream = client.GetStream();
        var text = new StringBuilder();
        for (int i = 0; i < count; i += PerWrite)
        {
            text.Clear();
            string now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
            for (int n = i; n < i + PerWrite; n++)
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"<134>1 {now} node{n % 50} nova-compute {1000 + connection} - - number {n} of {connection}: instance spawned in "
                        + $"{n % 100} s\n");
            }
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text.ToString()));
        }
    }

    private static async Task<long> EventsAsync(HttpClient http)
    {
        JsonElement inputs =
            JsonDocument.Parse(await http.GetStringAsync($"http://127.0.0.1:{Port}/api/v1/inputs")).RootElement.GetProperty("data");
        return inputs.EnumerateArray().Where(i => i.GetProperty("kind").GetString() == "syslog")
            .Sum(i => i.GetProperty("events").GetInt64());
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (true)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (HttpRequestException)
            {
                // It is not there yet.
            }
            await MeasuredProcess.WaitAsync(0.01);
        }
    }
}
