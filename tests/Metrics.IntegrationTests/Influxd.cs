using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>A real InfluxDB 1.</summary>
internal sealed class Influxd : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("influxd").FullName;
    private readonly int _port = Daemon.FreePort();
    private readonly int _rpcPort = Daemon.FreePort();
    private readonly HttpClient _http = new();
    private Component? _process;

    public string Url => $"http://127.0.0.1:{_port}";

    public static async Task<Influxd> StartAsync()
    {
        Component.Need("influxd");
        var influxd = new Influxd();
        await influxd.StartAgainAsync();
        return influxd;
    }

    public async Task StartAgainAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "influxdb.conf"), $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{_rpcPort}"
            [meta]
              dir = "{_folder}/meta"
            [data]
              dir = "{_folder}/data"
              wal-dir = "{_folder}/wal"
              query-log-enabled = false
            [http]
              bind-address = "127.0.0.1:{_port}"
              log-enabled = false
            [monitor]
              store-enabled = false
            """);
        _process = Component.Start(_folder, "influxd", "run", "-config", Path.Combine(_folder, "influxdb.conf"));
        await Eventually.Async(async () => (int)(await _http.GetAsync($"{Url}/ping")).StatusCode == 204, "influxd answers");
    }

    public void Stop()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Sends it a signal: STOP, CONT.</summary>
    public async Task SignalAsync(string signal) => await Component.RunAsync("kill", "", $"-{signal}", $"{_process!.Id}");

    /// <summary>The one number that a query gives; 0 when there is no series.</summary>
    public async Task<double> NumberAsync(string query)
    {
        string json = await _http.GetStringAsync($"{Url}/query?db=metrics&epoch=ms&q={Uri.EscapeDataString(query)}");
        JsonElement result = JsonDocument.Parse(json).RootElement.GetProperty("results")[0];
        return result.TryGetProperty("series", out JsonElement series) ? series[0].GetProperty("values")[0][1].GetDouble() : 0;
    }

    public async ValueTask DisposeAsync()
    {
        Stop();
        _http.Dispose();
        await Task.Run(() => Directory.Delete(_folder, true));
    }
}
