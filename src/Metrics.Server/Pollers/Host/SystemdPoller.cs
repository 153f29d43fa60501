using System.Diagnostics;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>States of systemd's units, and whether the system as a whole runs.</summary>
/// <remarks>
/// Source: <c>systemctl list-units</c> and <c>is-system-running</c>, man 1 systemctl. Nothing where systemd does not run.
/// </remarks>
internal sealed class SystemdPoller(HostFiles files) : IPoller
{
    private static readonly string[] s_states = ["active", "activating", "deactivating", "inactive", "failed"];
    private static readonly Metric s_unit = Metric.Gauge("node_systemd_unit_state", "Systemd unit", "name", "state", "type");
    private static readonly Metric s_count = Metric.Gauge("node_systemd_units", "Summary of systemd unit states", "state");
    private static readonly Metric s_running =
        Metric.Gauge("node_systemd_system_running", "Whether the system is operational (see 'systemctl is-system-running')");

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        if (!Directory.Exists(files.Root("run/systemd/system")))
            return;
        Report(sink, await RunAsync(ct, "list-units", "--all", "--plain", "--no-legend", "--no-pager"));
        sink.Add(s_running, (await RunAsync(ct, "is-system-running")).Trim() == "running" ? 1 : 0);
    }

    /// <summary>Reports what <c>list-units</c> printed: UNIT LOAD ACTIVE SUB DESCRIPTION.</summary>
    internal static void Report(SampleSink sink, string listing)
    {
        var counts = s_states.ToDictionary(s => s, _ => 0);
        foreach (string line in listing.Split('\n'))
        {
            string[] words = HostFiles.Words(line);
            if (words.Length < 4 || words[1] != "loaded" || words[0].LastIndexOf('.') is not (> 0 and var dot))
                continue;
            string type = words[0][(dot + 1)..];
            if (counts.TryGetValue(words[2], out int count))
                counts[words[2]] = count + 1;
            // Scopes and slices come and go by the thousand; devices and mounts are told by other metrics.
            if (type is not ("service" or "socket" or "timer" or "target" or "path"))
                continue;
            foreach (string state in s_states)
                sink.Add(s_unit, state == words[2] ? 1 : 0, words[0], state, type);
        }
        foreach ((string state, int units) in counts)
            sink.Add(s_count, units, state);
    }

    private static async Task<string> RunAsync(CancellationToken ct, params string[] arguments)
    {
        using var process =
            Process.Start(new ProcessStartInfo("systemctl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException("systemctl cannot be started");
        try
        {
            return await process.StandardOutput.ReadToEndAsync(ct);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
