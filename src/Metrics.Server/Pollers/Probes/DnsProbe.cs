using System.Net;
using DnsClient;
using DnsClient.Protocol;
using Metrics.Model;

namespace Metrics.Pollers.Probes;

/// <summary>Asks a DNS server a question and checks the answer.</summary>
internal sealed class DnsProbe(ProbeJob job, TimeProvider time)
{
    private const int DnsPort = 53;

    private static readonly Metric s_answers =
        Metric.Gauge("probe_dns_answer_rrs", "Returns number of entries in the answer resource record list");
    private static readonly Metric s_authority =
        Metric.Gauge("probe_dns_authority_rrs", "Returns number of entries in the authority resource record list");
    private static readonly Metric s_additional =
        Metric.Gauge("probe_dns_additional_rrs", "Returns number of entries in the additional resource record list");
    private static readonly Metric s_succeeded =
        Metric.Gauge("probe_dns_query_succeeded", "Displays whether or not the query was executed successfully");
    private static readonly Metric s_serial = Metric.Gauge("probe_dns_serial", "Returns the serial number of the zone");
    private static readonly Metric s_duration = Metric.Gauge("probe_dns_duration_seconds", "Duration of DNS request by phase", "phase");

    /// <returns>Why it failed, or null.</returns>
    public async Task<string?> RunAsync(string target, SampleSink sink, CancellationToken ct)
    {
        (string host, int port) = ProbeTarget.Parse(target);
        long start = time.GetTimestamp();
        IPAddress address = await ProbePoller.ResolveAsync(host, job, sink, time, ct);
        sink.Add(s_duration, time.GetElapsedTime(start).TotalSeconds, "resolve");
        var client = new LookupClient(new LookupClientOptions(new IPEndPoint(address, port == 0 ? DnsPort : port))
        {
            UseCache = false, Retries = 0, Timeout = job.Timeout, UseTcpOnly = job.Dns.OverTcp, ThrowDnsErrors = false,
                Recursion = job.Dns.Recurses,
                ContinueOnDnsError = false,
        });
        start = time.GetTimestamp();
        IDnsQueryResponse? response = null;
        try
        {
            response = await client.QueryAsync(job.Dns.QueryName, job.Dns.Type, job.Dns.Class, ct);
        }
        finally
        {
            // Once: of a series that is given twice the first counts.
            sink.Add(s_succeeded, response is null ? 0 : 1);
        }
        sink.Add(s_duration, time.GetElapsedTime(start).TotalSeconds, "request");
        sink.Add(s_answers, response.Answers.Count);
        sink.Add(s_authority, response.Authorities.Count);
        sink.Add(s_additional, response.Additionals.Count);
        if (response.Answers.OfType<SoaRecord>().FirstOrDefault() is { } soa)
            sink.Add(s_serial, soa.Serial);
        string rcode =
            response.Header.ResponseCode switch { DnsHeaderResponseCode.NoError => "NOERROR",
                DnsHeaderResponseCode.NotExistentDomain =>
                "NXDOMAIN", DnsHeaderResponseCode.ServerFailure =>
                    "SERVFAIL", DnsHeaderResponseCode.Refused => "REFUSED", var other => other.ToString().ToUpperInvariant() };
        bool valid = job.Dns.ValidRcodes.Count == 0 ? rcode == "NOERROR" : job.Dns.ValidRcodes.Contains(rcode);
        if (!valid)
            return $"the answer is {rcode}";
        return job.Dns.Answer.FaultOf("answer", Texts(response.Answers))
            ?? job.Dns.Authority.FaultOf("authority record", Texts(response.Authorities))
            ?? job.Dns.Additional.FaultOf("additional record", Texts(response.Additionals));
    }

    /// <summary>Records as Go's library writes them: name, time to live, class and type between tabs, then what they hold.</summary>
    private static List<string> Texts(IEnumerable<DnsResourceRecord> records) =>
    [
        .. records.Select(r => r.ToString()!.Split(' ', 5)).Select(p => string.Join('\t', p)),
    ];
}
