using System.Net;
using System.Net.Sockets;
using Metrics.Configuration;
using Metrics.Model;

namespace Metrics.Pollers.Probes;

/// <summary>
/// Probes one target and tells how it went: <c>probe_success</c>, duration, address. A probe that fails is an answer, not a failed poll:
/// <c>up</c> stays 1, as with blackbox_exporter.
/// </summary>
internal sealed class ProbePoller(ProbeJob job, string target, TimeProvider time) : IPoller
{
    private static readonly Metric s_success = Metric.Gauge("probe_success", "Displays whether or not the probe was a success");
    private static readonly Metric s_duration =
        Metric.Gauge("probe_duration_seconds", "Returns how long the probe took to complete in seconds");
    private static readonly Metric s_lookup =
        Metric.Gauge("probe_dns_lookup_time_seconds", "Returns the time taken for probe dns lookup in seconds");
    private static readonly Metric s_protocol = Metric.Gauge("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6");
    private static readonly Metric s_hash =
        Metric.Gauge("probe_ip_addr_hash", "Specifies the hash of IP address. It's useful to detect if the IP address changes.");

    /// <summary>Why the last probe failed, or null.</summary>
    public string? LastError { get; private set; }

    public override string ToString() => UserInfo.Without(target);

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(job.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        bool success;
        try
        {
            LastError = await ProbeAsync(sink, either.Token);
            success = LastError is null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            LastError = timeout.IsCancellationRequested ? $"no complete answer within {Duration.Format(job.Timeout)}" : e.Message;
            success = false;
        }
        sink.Add(s_success, success ? 1 : 0);
        sink.Add(s_duration, time.GetElapsedTime(start).TotalSeconds);
    }

    private Task<string?> ProbeAsync(SampleSink sink, CancellationToken ct) => job.Prober switch
    {
        "http" => new HttpProbe(job, time).RunAsync(target, sink, ct),
        "dns" => new DnsProbe(job, time).RunAsync(target, sink, ct),
        "icmp" => new IcmpProbe(job, time).RunAsync(target, sink, ct),
        _ => new TcpProbe(job, time).RunAsync(target, sink, ct),
    };

    /// <summary>Resolves a host and reports how long that took and what came out.</summary>
    internal static async Task<IPAddress> ResolveAsync(string host, ProbeJob job, SampleSink sink, TimeProvider time, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        IPAddress address;
        try
        {
            address = await ProbeTarget.ResolveAsync(host, job.IpProtocol, ct);
        }
        finally
        {
            sink.Add(s_lookup, time.GetElapsedTime(start).TotalSeconds);
        }
        sink.Add(s_protocol, address.AddressFamily == AddressFamily.InterNetworkV6 ? 6 : 4);
        uint hash = 2166136261;
        foreach (byte b in address.GetAddressBytes())
            hash = (hash ^ b) * 16777619;
        sink.Add(s_hash, hash);
        return address;
    }
}
