using System.Diagnostics;
using System.Globalization;

namespace Metrics.Benchmarks;

/// <summary>A process under measurement.</summary>
internal sealed class MeasuredProcess : IDisposable
{
    private const double TicksPerSecond = 100;

    private static readonly string s_dll =
        Environment.GetEnvironmentVariable("METRICSD") ?? Path.Combine(AppContext.BaseDirectory, "metricsd.dll");

    private bool _isDisposed;
    private readonly Process _process;

    private MeasuredProcess(Process process) => _process = process;

    /// <summary>Starts a program with its output in a file of the folder.</summary>
    public static MeasuredProcess Start(string folder, string program, params string[] arguments)
    {
        string quoted = string.Join(' ', arguments.Select(a => $"'{a}'"));
        return new MeasuredProcess(
            Process.Start(
            new ProcessStartInfo("/bin/sh",
            ["-c", $"exec {program} {quoted} >'{folder}/{Path.GetFileName(program)}.log' 2>&1"]) { WorkingDirectory = folder })!);
    }

    /// <summary>The daemon.</summary>
    /// <param name="folder">Holds its metrics.yaml, and takes its data.</param>
    /// <param name="dll">Its metricsd.dll; null is the one that <c>METRICSD</c> names, or that of this build.</param>
    public static MeasuredProcess StartDaemon(string folder, string? dll = null) =>
        Start(folder, "dotnet", dll ?? s_dll, "--config", "metrics.yaml");

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary><see cref="CpuSeconds"/>; null where it has just ended.</summary>
    public double? TryCpuSeconds => Try(() => CpuSeconds);

    /// <summary><see cref="HighestMebibytes"/>; null where it has just ended.</summary>
    public double? TryHighestMebibytes => Try(() => HighestMebibytes);

    /// <summary>Processor time used so far, user and system.</summary>
    public double CpuSeconds
    {
        get
        {
            string stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            string[] words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (double.Parse(words[11], CultureInfo.InvariantCulture)
                + double.Parse(words[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    /// <summary>Resident memory, MiB.</summary>
    public double ResidentMebibytes => StatusMebibytes("VmRSS:");

    /// <summary>The most resident memory that it has had, MiB.</summary>
    public double HighestMebibytes => StatusMebibytes("VmHWM:");

    /// <summary>Ends it, where it has not ended; a second time does nothing.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    private static double? Try(Func<double> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return null;
        }
    }

    private double StatusMebibytes(string line) =>
        double.Parse(
            File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(line, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;

    public static Task WaitAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);

    public static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);
}
