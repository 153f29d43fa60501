using System.Globalization;

namespace Metrics.Benchmarks;

/// <summary>A metricsd that reads a folder of logs.</summary>
internal sealed class LogDaemon : IDisposable
{
    private const int Port = 19726;

    private readonly string _logs;
    private readonly MeasuredProcess _process;
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = TimeSpan.FromMinutes(5) };

    private LogDaemon(string logs, MeasuredProcess process) => (_logs, _process) = (logs, process);

    /// <summary>Processor seconds since it was started.</summary>
    public double CpuSeconds => _process.CpuSeconds;

    /// <summary>The most memory that it has had.</summary>
    public double HighestMebibytes => _process.HighestMebibytes;

    /// <summary>Starts one, and waits until it watches.</summary>
    /// <param name="folder">Its own.</param>
    /// <param name="store">Its <c>events.store</c>.</param>
    public static async Task<LogDaemon> StartAsync(string folder, string store)
    {
        string logs = Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "metrics.yaml"),
            $"listen: 127.0.0.1:{Port}\nhost: {{ enabled: false }}\nevents: {{ store: {store} }}\n"
            + $"inputs: {{ logs: [ {{ name: auth, paths: ['{logs}/*.log'], start: beginning }} ] }}\n");
        var daemon = new LogDaemon(logs, MeasuredProcess.StartDaemon(folder));
        while (await daemon.CountAsync() is not 0)
            await MeasuredProcess.WaitAsync(0.1);
        return daemon;
    }

    /// <summary>Puts a log where it is found.</summary>
    /// <returns>Where it is then.</returns>
    public string Read(string log)
    {
        string there = Path.Combine(_logs, Path.GetFileName(log));
        File.Move(log, there);
        return there;
    }

    /// <summary>Waits until so many lines are committed, or were counted and not kept.</summary>
    public async Task WaitForAsync(long lines)
    {
        while (await CountAsync() is not { } count || count < lines)
            await MeasuredProcess.WaitAsync(0.05);
    }

    /// <summary>What it answers.</summary>
    public Task<string> GetAsync(string path) => _http.GetStringAsync(path);

    /// <inheritdoc />
    public void Dispose()
    {
        _http.Dispose();
        _process.Dispose();
    }

    private async Task<long?> CountAsync()
    {
        try
        {
            string text = await GetAsync("/metrics");
            return (long)text.Split('\n')
                .Where(l => l.StartsWith("metricsd_event_log_events_written_total ", StringComparison.Ordinal)
                    || l.StartsWith("metricsd_intake_events_not_stored_total{", StringComparison.Ordinal))
                .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
