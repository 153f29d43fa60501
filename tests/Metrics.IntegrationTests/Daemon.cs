using System.Diagnostics;
using System.Net;

namespace Metrics.IntegrationTests;

/// <summary>The real <c>metricsd</c> as a process of its own, with its own port and folder; killed at the end.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    private readonly IReadOnlyDictionary<string, string> _environment;
    private Process? _process;
    private string _configuration = "";

    private readonly MemoryCgroup? _memory;
    private readonly NetworkNamespace? _network;

    private Daemon(
        string configuration, IReadOnlyDictionary<string, string> environment, MemoryCgroup? memory, NetworkNamespace? network)
    {
        (_environment, _memory, _network) = (environment, memory, network);
        Folder = Directory.CreateTempSubdirectory("metricsd").FullName;
        Port = FreePort();
        Configure(configuration);
    }

    public string Folder { get; }

    public int Port { get; }

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(30) };

    public string Url(string path) => $"http://{_network?.Address ?? "127.0.0.1"}:{Port}{path}";

    public string Log => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "";

    private string LogPath => Path.Combine(Folder, "log");

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="configuration">YAML beside <c>listen</c> and <c>storage.path</c>, which are set by environment; <c>{port}</c> is the
    /// port.</param>
    /// <param name="environment">More variables of its environment.</param>
    /// <param name="memory">The memory cgroup in which it lives; null is that of the tests.</param>
    /// <param name="network">The network namespace in which it lives; null is that of the tests.</param>
    /// <param name="token">With which it is asked; null is none.</param>
    public static async Task<Daemon> StartAsync(
        string configuration = "host: { enabled: false }", IReadOnlyDictionary<string, string>? environment = null,
        MemoryCgroup? memory = null, NetworkNamespace? network = null, string? token = null)
    {
        var daemon = new Daemon(configuration, environment ?? new Dictionary<string, string>(), memory, network);
        if (token is not null)
            daemon.Http.DefaultRequestHeaders.Add("Authorization", $"Bearer {token}");
        await daemon.StartAgainAsync();
        return daemon;
    }

    public async Task StartAgainAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "metrics.yaml"), _configuration);
        _process = Start(Folder, Port, [], LogPath, _environment, _memory?.Enter ?? "", _network);
        await Eventually.Async(async () =>
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"metricsd ended with {_process.ExitCode}: {Log}");
            return (await Http.GetAsync(Url("/-/ready"))).StatusCode == HttpStatusCode.OK;
        }, "metricsd is ready");
    }

    /// <summary>Has it read another configuration, which it also starts with from now on.</summary>
    public async Task ReloadAsync(string configuration)
    {
        Configure(configuration);
        await File.WriteAllTextAsync(Path.Combine(Folder, "metrics.yaml"), _configuration);
        using HttpResponseMessage answer = await Http.PostAsync(Url("/-/reload"), null);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"the configuration is refused: {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string folder, params string[] arguments)
    {
        string log = Path.Combine(folder, $"out-{Guid.NewGuid():N}");
        using Process process = Start(folder, FreePort(), arguments, log, new Dictionary<string, string>());
        await process.WaitForExitAsync(new CancellationTokenSource(Eventually.Patience, TimeProvider.System).Token);
        return (process.ExitCode, await File.ReadAllTextAsync(log));
    }

    /// <summary>Runs a command beside it, in its folder.</summary>
    public Task<(int Code, string Output)> CommandAsync(params string[] arguments) => RunAsync(Folder, arguments);

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits until it ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process!.WaitForExitAsync(new CancellationTokenSource(Eventually.Patience, TimeProvider.System).Token);
        return _process.ExitCode;
    }

    /// <summary>Whether it still runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    public int ProcessId => _process!.Id;

    public async Task<string> GetAsync(string path) => await Http.GetStringAsync(Url(path));

    public async Task<HttpResponseMessage> PushAsync(string lines, string path = "/write?precision=ms") =>
        await Http.PostAsync(Url(path), new StringContent(lines));

    /// <summary>The newest samples that a selector gives, by federation.</summary>
    public async Task<List<string>> FederateAsync(string selector) =>
        [.. (await GetAsync($"/federate?match[]={Uri.EscapeDataString(selector)}")).Split('\n').Where(l => l.Length > 0 && l[0] != '#')];

    /// <summary>Value of one own metric, summed over its series.</summary>
    public async Task<double> OwnAsync(string metric) => (await GetAsync("/metrics")).Split('\n')
        .Where(l => l.StartsWith(metric, StringComparison.Ordinal) && l.Length > metric.Length && l[metric.Length] is ' ' or '{')
        .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));

    public static int FreePort() => LocalServer.FreePort();

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            Kill();
        _process?.Dispose();
        Http.Dispose();
        await Task.Run(() => Directory.Delete(Folder, true));
    }

    private void Configure(string configuration) =>
        _configuration = configuration.Replace("{port}", $"{Port}", StringComparison.Ordinal);

    private static Process Start(
        string folder, int port, string[] arguments, string log, IReadOnlyDictionary<string, string> environment, string before = "",
        NetworkNamespace? network = null)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "metricsd.dll");
        string words = string.Join(' ', arguments.Select(a => $"'{a}'"));
        string command = $"{before}exec {network?.Enter}dotnet '{program}' {words} >'{log}' 2>&1";
        var info = new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = folder };
        info.Environment["METRICS__LISTEN"] = $"{(network is null ? "127.0.0.1" : "0.0.0.0")}:{port}";
        if (!arguments.Contains("check"))
            info.Environment["METRICS__STORAGE__PATH"] = Path.Combine(folder, "data");
        foreach ((string name, string value) in environment)
            info.Environment[name] = value;
        return Process.Start(info)!;
    }
}
