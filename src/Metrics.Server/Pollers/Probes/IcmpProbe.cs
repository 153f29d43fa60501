using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Metrics.Model;

namespace Metrics.Pollers.Probes;

/// <summary>Sends an echo request. Needs root or CAP_NET_RAW; otherwise the system's ping program is used.</summary>
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
        start = time.GetTimestamp();
        (int? hops, string? failure) = await EchoAsync(address, ct);
        sink.Add(s_duration, time.GetElapsedTime(start).TotalSeconds, "rtt");
        if (hops is { } limit)
            sink.Add(s_hops, limit);
        return failure;
    }

    private async Task<(int? Hops, string? Failure)> EchoAsync(IPAddress address, CancellationToken ct)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            try
            {
                return (await IcmpEcho.SendAsync(address, job.Icmp, ct), null);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AccessDenied or SocketError.ProtocolNotSupported)
            {
                // Without the right to raw sockets the system's ping program does it.
            }
        }
        using var ping = new Ping();
        if (job.Icmp != IcmpProbeOptions.Default)
            return (null, "payload_size, ttl and dont_fragment need IPv4 and CAP_NET_RAW");
        PingReply reply = await ping.SendPingAsync(address, job.Timeout, cancellationToken: ct);
        return (reply.Options?.Ttl, reply.Status == IPStatus.Success ? null : $"no echo reply: {reply.Status}");
    }
}
