using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Entropy, open files and their limit, SELinux: single numbers of the kernel.</summary>
/// <remarks>Source: <c>/proc/sys/kernel/random</c>, <c>/proc/sys/fs/file-nr</c>, <c>/sys/fs/selinux</c>.</remarks>
internal sealed class KernelLimitsPoller(HostFiles files) : IPoller
{
    private static readonly Metric s_entropy = Metric.Gauge("node_entropy_available_bits", "Bits of available entropy.");
    private static readonly Metric s_pool = Metric.Gauge("node_entropy_pool_size_bits", "Bits of entropy pool.");
    private static readonly Metric s_allocated = Metric.Gauge("node_filefd_allocated", "File descriptor statistics: allocated.");
    private static readonly Metric s_maximum = Metric.Gauge("node_filefd_maximum", "File descriptor statistics: maximum.");
    private static readonly Metric s_selinux = Metric.Gauge("node_selinux_enabled", "SELinux is enabled, 1 is true, 0 is false");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        if (HostFiles.TryNumber(files.Proc("sys/kernel/random/entropy_avail")) is { } entropy)
            sink.Add(s_entropy, entropy);
        if (HostFiles.TryNumber(files.Proc("sys/kernel/random/poolsize")) is { } pool)
            sink.Add(s_pool, pool);
        string[] opened = HostFiles.Words(HostFiles.TryText(files.Proc("sys/fs/file-nr")) ?? "");
        if (opened.Length == 3)
        {
            sink.Add(s_allocated, HostFiles.Required(opened[0], "/proc/sys/fs/file-nr"));
            sink.Add(s_maximum, HostFiles.Required(opened[2], "/proc/sys/fs/file-nr"));
        }
        sink.Add(s_selinux, File.Exists(files.Sys("fs/selinux/enforce")) ? 1 : 0);
        return ValueTask.CompletedTask;
    }
}
