using Metrics.Pollers.Host;

namespace Metrics.Pollers;

/// <summary>Every host poller by name: the one list from which targets, settings and documentation are derived.</summary>
internal static class PollerCatalog
{
    /// <summary>Name (the <c>collector</c> label, and the word for <c>host.disabled</c>) and how each is made.</summary>
    public static readonly IReadOnlyList<(string Name, Func<HostFiles, TimeProvider, IPoller> Create)> Host =
    [
        ("bonding", (files, _) => new BondingPoller(files)),
        ("bridge", (files, _) => new BridgePoller(files)),
        ("conntrack", (files, _) => new ConntrackPoller(files)),
        ("cpu_detail", (files, _) => new CpuDetailPoller(files)),
        ("diskstats", (files, _) => new DiskPoller(files)),
        ("edac", (files, _) => new EdacPoller(files)),
        ("filesystem", (files, time) => new FilesystemPoller(files, time)),
        ("hwmon", (files, _) => new HwmonPoller(files)),
        ("kernel_limits", (files, _) => new KernelLimitsPoller(files)),
        ("loadavg", (files, _) => new LoadPoller(files)),
        ("mdadm", (files, _) => new MdRaidPoller(files)),
        ("meminfo", (files, _) => new MemoryPoller(files)),
        ("netclass", (files, _) => new NetClassPoller(files)),
        ("netdev", (files, _) => new NetDevPoller(files)),
        ("netstat", (files, _) => new NetStatPoller(files)),
        ("os", (files, _) => new OsPoller(files)),
        ("powersupply", (files, _) => new PowerSupplyPoller(files)),
        ("pressure", (files, _) => new PressurePoller(files)),
        ("processes", (files, _) => new ProcessesPoller(files)),
        ("rapl", (files, _) => new RaplPoller(files)),
        ("sockstat", (files, _) => new SockStatPoller(files)),
        ("softnet", (files, _) => new SoftnetPoller(files)),
        ("stat", (files, _) => new StatPoller(files)),
        ("systemd", (files, _) => new SystemdPoller(files)),
        ("thermal", (files, _) => new ThermalPoller(files)),
        ("time", (files, time) => new TimePoller(files, time)),
        ("timex", (_, _) => new TimexPoller()),
        ("vmstat", (files, _) => new VmStatPoller(files)),
    ];
}
