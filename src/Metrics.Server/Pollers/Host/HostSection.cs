using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Pollers.Host;

/// <summary>This machine's own numbers: the section <c>host</c>.</summary>
internal sealed record HostSection : TargetSection
{
    /// <summary>Default true.</summary>
    public required bool Enabled { get; init; }

    public required TimeSpan Interval { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>Value of the <c>instance</c> label. Default: the host name.</summary>
    public required string Instance { get; init; }

    public required string ProcPath { get; init; }

    public required string SysPath { get; init; }

    public required string RootPath { get; init; }

    /// <summary>Pollers of the catalogue that are left out.</summary>
    public required IReadOnlyList<string> Disabled { get; init; }

    public static HostSection Read(YamlSection section)
    {
        TimeSpan interval = section.Duration("interval", TimeSpan.FromSeconds(15), min: TimeSpan.FromSeconds(1));
        var options = new HostSection
        {
            Id = SectionId.Of("host", section),
            Enabled = section.Flag("enabled", true),
            Interval = interval,
            Timeout = section.Timeout("timeout", "interval", interval),
            Instance = section.Text("instance", Environment.MachineName),
            ProcPath = section.Text("proc_path", "/proc"),
            SysPath = section.Text("sys_path", "/sys"),
            RootPath = section.Text("root_path", "/"),
            Disabled = section.Texts("disabled"),
        };
        section.Finish();
        return options;
    }
}
