using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>What system this is: kernel, distribution, machine.</summary>
/// <remarks>Source: <c>/proc/sys/kernel</c>, <c>/etc/os-release</c> (man 5 os-release), <c>/sys/class/dmi/id</c>.</remarks>
internal sealed class OsPoller(HostFiles files) : IPoller
{
    private static readonly string[] s_osKeys =
        ["build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant", "variant_id", "version",
            "version_codename", "version_id"];

    private static readonly string[] s_dmiFiles =
    [
        "bios_date", "bios_release", "bios_vendor", "bios_version", "board_asset_tag", "board_name", "board_serial", "board_vendor",
            "board_version",
        "chassis_asset_tag", "chassis_serial", "chassis_vendor", "chassis_version", "product_family", "product_name", "product_serial",
            "product_sku",
        "product_uuid", "product_version", "sys_vendor",
    ];

    private static readonly Metric s_uname =
        Metric.Gauge("node_uname_info", "Labeled system information as provided by the uname system call.", "sysname", "release", "version",
            "machine", "nodename", "domainname");
    private static readonly Metric s_os =
        Metric.Gauge("node_os_info", "A metric with a constant '1' value labeled by the fields of os-release.", s_osKeys);
    private static readonly Metric s_version =
        Metric.Gauge("node_os_version", "Metric containing the major.minor part of the OS version.", "id", "id_like", "name");
    private static readonly Metric s_dmi =
        Metric.Gauge("node_dmi_info", "A metric with a constant '1' value labeled by the fields of /sys/class/dmi/id if provided by DMI.",
            [.. s_dmiFiles.Select(DmiLabel)]);

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        string machine = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "x86_64",
            System.Runtime.InteropServices.Architecture.Arm64 => "aarch64",
            var other => other.ToString().ToLowerInvariant(),
        };
        sink.Add(s_uname, 1, Kernel("ostype"), Kernel("osrelease"), Kernel("version"), machine, Kernel("hostname"), Kernel("domainname"));
        AddDistribution(sink);
        string[] dmi = [.. s_dmiFiles.Select(f => HostFiles.TryText(files.Sys($"class/dmi/id/{f}")) ?? "")];
        if (dmi.Any(d => d.Length > 0))
            sink.Add(s_dmi, 1, dmi);
        return ValueTask.CompletedTask;

        string Kernel(string file) => HostFiles.TryText(files.Proc($"sys/kernel/{file}")) ?? "";
    }

    private void AddDistribution(SampleSink sink)
    {
        string[] lines = HostFiles.LinesIfAny(files.Root("etc/os-release"));
        if (lines.Length == 0)
            lines = HostFiles.LinesIfAny(files.Root("usr/lib/os-release"));
        Dictionary<string, string> release = lines.Select(l => l.Split('=', 2)).Where(p => p.Length == 2)
            .GroupBy(p => p[0].Trim().ToLowerInvariant()).ToDictionary(g => g.Key, g => g.Last()[1].Trim().Trim('"', '\''));
        if (release.Count == 0)
            return;
        sink.Add(s_os, 1, [.. s_osKeys.Select(k => release.GetValueOrDefault(k, ""))]);
        string[] parts = release.GetValueOrDefault("version_id", "").Split('.');
        if (HostFiles.Number(string.Join('.', parts.Take(2))) is { } number)
            sink.Add(
                s_version, number, release.GetValueOrDefault("id", ""), release.GetValueOrDefault("id_like", ""),
                release.GetValueOrDefault("name", ""));
    }

    private static string DmiLabel(string file) => file == "sys_vendor" ? "system_vendor" : file;
}
