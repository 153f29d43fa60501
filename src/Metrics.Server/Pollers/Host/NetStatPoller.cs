using System.Text.RegularExpressions;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Counters of IP, ICMP, TCP and UDP: those that tell of trouble or load.</summary>
/// <remarks>Source: <c>/proc/net/{netstat,snmp,snmp6}</c>, kernel Documentation/networking/snmp_counter.rst.</remarks>
internal sealed partial class NetStatPoller(HostFiles files) : IPoller
{
    private readonly Dictionary<string, Metric> _metrics = [];

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string file in new[] { "net/netstat", "net/snmp" })
        {
            string[] lines = HostFiles.LinesIfAny(files.Proc(file));
            for (int i = 0; i + 1 < lines.Length; i += 2)
            {
                string[] names = HostFiles.Words(lines[i]);
                string[] values = HostFiles.Words(lines[i + 1]);
                if (names.Length == 0 || names.Length != values.Length || names[0] != values[0])
                    throw new FormatException($"/proc/{file}: the lines {i + 1} and {i + 2} do not belong together");
                for (int j = 1; j < names.Length; j++)
                    Add(sink, $"{names[0].TrimEnd(':')}_{names[j]}", values[j]);
            }
        }
        foreach (string line in HostFiles.LinesIfAny(files.Proc("net/snmp6")))
        {
            string[] words = HostFiles.Words(line);
            int six = words.Length == 2 ? words[0].IndexOf('6', StringComparison.Ordinal) : -1;
            if (six > 0)
                Add(sink, $"{words[0][..(six + 1)]}_{words[0][(six + 1)..]}", words[1]);
        }
        return ValueTask.CompletedTask;
    }

    private void Add(SampleSink sink, string name, string value)
    {
        if (!_metrics.TryGetValue(name, out Metric? metric))
        {
            if (!Kept().IsMatch(name))
                return;
            _metrics[name] = metric =
                Metric.Untyped($"node_netstat_{name}", $"Statistic {name.Replace("_", "", StringComparison.Ordinal)}.");
        }
        sink.Add(metric, HostFiles.Required(value, $"statistic {name}"));
    }

    [GeneratedRegex("^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$")]
    private static partial Regex Kept();
}
