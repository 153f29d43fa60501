using System.Net;
using System.Text.RegularExpressions;
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
                ContinueOnDnsError = false,
        });
        start = time.GetTimestamp();
        IDnsQueryResponse? response = null;
        try
        {
            response = await client.QueryAsync(job.Dns.QueryName, job.Dns.Type, cancellationToken: ct);
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
        IReadOnlyList<Regex> any = job.Dns.FailIfNoneMatches;
        if (any.Count > 0 && !response.Answers.Any(a => any.Any(r => r.IsMatch(a.ToString()))))
            return $"no answer matches {string.Join(" or ", any.Select(r => $"'{r}'"))}";
        if (response.Answers.Count == 0 && job.Dns.FailIfNotMatches.Count > 0)
            return "there is no answer that could match";
        return response.Answers.FirstOrDefault(a => job.Dns.FailIfNotMatches.Any(r => !r.IsMatch(a.ToString()))) is { } wrong
            ? $"the answer '{wrong}' does not match" : null;
    }
}
