using System.Diagnostics;

namespace Metrics.IntegrationTests;

/// <summary>A real program that a test needs, run in a folder of its own and killed at the end.</summary>
internal sealed class Component : IDisposable
{
    private readonly Process _process;
    private bool _isOver;

    private Component(Process process) => _process = process;

    /// <summary>Of its process.</summary>
    public int Id => _process.Id;

    /// <summary>Skips the calling test where a program is missing.</summary>
    public static void Need(string program) => Assert.SkipUnless(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, program))),
            $"{program} is not installed");

    public static Component Start(string folder, string program, params string[] arguments)
    {
        Need(Path.GetFileName(program));
        string quoted = string.Join(' ', arguments.Select(a => $"'{a}'"));
        string log = Path.Combine(folder, Path.GetFileName(program) + ".log");
        return new Component(
            Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", $"exec {program} {quoted} >>'{log}' 2>&1 </dev/null"]) { WorkingDirectory = folder })!);
    }

    public static async Task<(int Code, string Output)> RunAsync(string program, string input, params string[] arguments)
    {
        Need(program);
        using var process =
            Process.Start(
                new ProcessStartInfo(
                program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + errors);
    }

    /// <summary>Waits until it ends by itself.</summary>
    public Task EndAsync() => _process.WaitForExitAsync(new CancellationTokenSource(Eventually.Patience, TimeProvider.System).Token);

    public void Dispose()
    {
        if (_isOver)
            return;
        _isOver = true;
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }
}
