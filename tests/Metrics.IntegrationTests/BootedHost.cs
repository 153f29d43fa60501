using System.Diagnostics;
using System.Globalization;

namespace Metrics.IntegrationTests;

/// <summary>
/// A host of a test's own: a real systemd as the first process of its namespaces, with a real journal, in which services run that do
/// nothing. Its files are this machine's, and what it changes is gone with it. Needs root.
/// </summary>
internal sealed class BootedHost : IDisposable
{
    private const string Systemd = "/lib/systemd/systemd";

    private readonly string _folder = Directory.CreateTempSubdirectory("host").FullName;
    private Process? _boot;
    private string _first = "";

    /// <summary>Makes one that is off, or skips the calling test where that cannot be.</summary>
    /// <param name="services">Its services, and what stands in <c>[Service]</c> of each.</param>
    public BootedHost(IReadOnlyDictionary<string, string> services)
    {
        Component.Need("unshare");
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists(Systemd), "to boot systemd needs root, and systemd");
        Directory.CreateDirectory(Path.Combine(Logs, "journal"));
        Directory.CreateDirectory(Path.Combine(_folder, "units"));
        foreach ((string name, string service) in services)
            WriteUnit($"{name}.service", $"[Unit]\nDescription=The {name}\nDefaultDependencies=no\nConflicts=shutdown.target\n[Service]\n{service}\n");
        WriteUnit("test.target", "[Unit]\nAllowIsolate=yes\nWants=systemd-journald.service\nAfter=systemd-journald.service\n");
    }

    /// <summary>What it has as /var/log.</summary>
    public string Logs => Path.Combine(_folder, "var-log");

    /// <summary>The folder of its journal.</summary>
    public string Journal => Path.Combine(Logs, "journal");

    /// <summary>Starts it; returns once its systemd answers.</summary>
    public async Task BootAsync()
    {
        string script = Path.Combine(Cases.Repository, "tests/Metrics.IntegrationTests/testdata/boot.sh");
        string[] kinds = ["--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--cgroup", "--propagation", "private"];
        _boot = Process.Start(new ProcessStartInfo("unshare", [.. kinds, "/bin/bash", script, _folder])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        string children = $"/proc/{_boot.Id}/task/{_boot.Id}/children";
        await Eventually.Async(async () => (_first = (await File.ReadAllTextAsync(children)).Trim()).Length > 0, "it has a first process");
        await Eventually.Async(async () => (await TryRunAsync("systemctl", "is-active", "test.target")).Code == 0, "it has booted");
        await RunAsync("journalctl", "--flush");
    }

    /// <summary>Has it do something.</summary>
    public async Task RunAsync(params string[] command)
    {
        (int code, string said) = await TryRunAsync(command);
        code.Should().Be(0, $"{string.Join(' ', command)}: {said}");
    }

    /// <summary>Asks it to go down, and waits until it has.</summary>
    public async Task ShutDownAsync()
    {
        await TryRunAsync("systemctl", "reboot", "--no-block");
        await _boot!.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Patience);
    }

    public void Dispose()
    {
        if (_boot is { HasExited: false })
        {
            Process.GetProcessById(int.Parse(_first, CultureInfo.InvariantCulture)).Kill();
            _boot.WaitForExit();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private void WriteUnit(string name, string text) => File.WriteAllText(Path.Combine(_folder, "units", name), text);

    private async Task<(int Code, string Output)> TryRunAsync(params string[] command)
    {
        string[] enter = ["-t", _first, "-m", "-p", "-u", "-i", "-C", "-r", "-w"];
        using Process process = Process.Start(new ProcessStartInfo("nsenter", [.. enter, .. command])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync().WaitAsync(Eventually.Patience);
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + errors);
    }
}
