using System.Net;
using System.Net.NetworkInformation;
using Metrics.Model;

namespace Metrics.Pollers.Services;

/// <summary>Sends an echo request. Needs root, CAP_NET_RAW or the system's ping program.</summary>
internal sealed class IcmpProbe(ProbeJob job, TimeProvider time)
{
    private static readonly Metric s_duration = Metric.Gauge("probe_icmp_duration_seconds", "Duration of icmp request by phase", "phase");
    private static readonly Metric s_hops = Metric.Gauge("probe_icmp_reply_hop_limit", "Replied packet hop limit (TTL for ipv4)");

    /// <returns>Why it failed, or null.</returns>
    public async Task<string?> RunAsync(string target, SampleSink sink, CancellationToken ct)
    {
        (string host, _) = ProbeTarget.Parse(target);
        long start = time.GetTimestamp();
        IPAddress address = await ProbePoller.ResolveAsync(host, job, sink, time, ct);
        sink.Add(s_duration, time.GetElapsedTime(start).TotalSeconds, "resolve");
        using var ping = new Ping();
        start = time.GetTimestamp();
        PingReply reply = await ping.SendPingAsync(address, job.Timeout, cancellationToken: ct);
        sink.Add(s_duration, time.GetElapsedTime(start).TotalSeconds, "rtt");
        if (reply.Status != IPStatus.Success)
            return $"no echo reply: {reply.Status}";
        if (reply.Options is not null)
            sink.Add(s_hops, reply.Options.Ttl);
        return null;
    }
}
