using System.Globalization;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>
/// Packets that each processor took from the network, dropped, or left for later; queues of UDP; time of tasks on the run queue; ARP
/// entries.
/// </summary>
/// <remarks>Source: <c>/proc/net/softnet_stat</c> (hexadecimal), <c>/proc/net/{udp,udp6,arp}</c>, <c>/proc/schedstat</c>.</remarks>
internal sealed class SoftnetPoller(HostFiles files) : IPoller
{
    private static readonly Metric s_processed = Metric.Counter("node_softnet_processed_total", "Number of processed packets", "cpu");
    private static readonly Metric s_dropped = Metric.Counter("node_softnet_dropped_total", "Number of dropped packets", "cpu");
    private static readonly Metric s_squeezed =
        Metric.Counter("node_softnet_times_squeezed_total", "Number of times processing packets ran out of quota", "cpu");
    private static readonly Metric s_udp =
        Metric.Gauge("node_udp_queues", "Number of allocated memory in the kernel for UDP datagrams in bytes.", "queue", "ip");
    private static readonly Metric s_running =
        Metric.Counter("node_schedstat_running_seconds_total", "Number of seconds CPU spent running a process.", "cpu");
    private static readonly Metric s_waiting =
        Metric.Counter("node_schedstat_waiting_seconds_total", "Number of seconds spent by processing waiting for this CPU.", "cpu");
    private static readonly Metric s_slices =
        Metric.Counter("node_schedstat_timeslices_total", "Number of timeslices executed by CPU.", "cpu");
    private static readonly Metric s_arp = Metric.Gauge("node_arp_entries", "ARP entries by device", "device");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        AddSoftnet(sink);
        AddUdp(sink, "net/udp", "v4");
        AddUdp(sink, "net/udp6", "v6");
        foreach (string[] words in HostFiles.LinesIfAny(files.Proc("schedstat")).Select(HostFiles.Words)
            .Where(w => w.Length >= 10 && w[0].StartsWith("cpu", StringComparison.Ordinal)))
        {
            string cpu = words[0][3..];
            sink.Add(s_running, HostFiles.Required(words[7], "/proc/schedstat") / 1e9, cpu);
            sink.Add(s_waiting, HostFiles.Required(words[8], "/proc/schedstat") / 1e9, cpu);
            sink.Add(s_slices, HostFiles.Required(words[9], "/proc/schedstat"), cpu);
        }
        foreach (IGrouping<string, string[]> device in HostFiles.LinesIfAny(files.Proc("net/arp")).Skip(1).Select(HostFiles.Words)
            .Where(w => w.Length >= 6).GroupBy(w => w[5]))
            sink.Add(s_arp, device.Count(), device.Key);
        return ValueTask.CompletedTask;
    }

    private void AddSoftnet(SampleSink sink)
    {
        int number = 0;
        foreach (string[] words in HostFiles.LinesIfAny(files.Proc("net/softnet_stat")).Select(HostFiles.Words).Where(w => w.Length >= 3))
        {
            // The 13th column, where the kernel has it, is the processor; offline ones leave gaps in the lines.
            string cpu = (words.Length > 12 ? Hex(words[12]) : number).ToString(CultureInfo.InvariantCulture);
            sink.Add(s_processed, Hex(words[0]), cpu);
            sink.Add(s_dropped, Hex(words[1]), cpu);
            sink.Add(s_squeezed, Hex(words[2]), cpu);
            number++;
        }
    }

    private void AddUdp(SampleSink sink, string file, string ip)
    {
        if (!File.Exists(files.Proc(file)))
            return;
        double sent = 0, received = 0;
        foreach (string[] words in HostFiles.LinesIfAny(files.Proc(file)).Skip(1).Select(HostFiles.Words).Where(w => w.Length > 4))
        {
            string[] queues = words[4].Split(':');
            if (queues.Length != 2)
                continue;
            sent += Hex(queues[0]);
            received += Hex(queues[1]);
        }
        sink.Add(s_udp, sent, "tx", ip);
        sink.Add(s_udp, received, "rx", ip);
    }

    private static double Hex(string text) =>
        ulong.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong value) ? value : 0;
}
