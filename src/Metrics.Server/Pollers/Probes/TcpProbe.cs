using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Metrics.Text;
using Metrics.Model;

namespace Metrics.Pollers.Probes;

/// <summary>Connects, optionally speaks TLS, optionally holds a conversation of expected and sent lines.</summary>
internal sealed class TcpProbe(ProbeJob job, TimeProvider time)
{
    private const int MaxLine = 64 * 1024;

    private static readonly Metric s_regex = Metric.Gauge("probe_failed_due_to_regex", "Indicates if probe failed due to regex");

    /// <returns>Why it failed, or null.</returns>
    public async Task<string?> RunAsync(string target, SampleSink sink, CancellationToken ct)
    {
        (string host, int port) = ProbeTarget.Parse(target);
        IPAddress address = await ProbePoller.ResolveAsync(host, job, sink, time, ct);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(address, port), ct);
        Stream stream = new NetworkStream(socket);
        bool missed = false;
        try
        {
            if (job.Tcp.Tls)
                stream = await StartTlsAsync(stream, host, sink, ct);
            foreach (QueryResponse step in job.Tcp.Steps)
            {
                string? came = null;
                if (step.Expect is not null)
                {
                    came = await ExpectAsync(stream, step.Expect, ct);
                    if (came is null)
                    {
                        missed = true;
                        return $"nothing that matches '{step.Expect}' came";
                    }
                }
                if (!string.IsNullOrEmpty(step.Send))
                {
                    string sent = came is null ? step.Send : step.Expect!.Expand(came, step.Send)!;
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(sent + "\n"), ct);
                }
                if (step.StartTls)
                    stream = await StartTlsAsync(stream, host, sink, ct);
            }
            return null;
        }
        finally
        {
            // Once: of a series that is given twice the first counts.
            if (job.Tcp.Steps.Any(s => s.Expect is not null))
                sink.Add(s_regex, missed ? 1 : 0);
            await stream.DisposeAsync();
        }
    }

    private async Task<Stream> StartTlsAsync(Stream plain, string host, SampleSink sink, CancellationToken ct)
    {
        var seen = new CertificateMetrics.Seen();
        var tls = new SslStream(plain);
        try
        {
            await tls.AuthenticateAsClientAsync(
                CertificateMetrics.Watch(job.Tls.ToClientOptions(host), job.Tls.InsecureSkipVerify, seen), ct);
            return tls;
        }
        finally
        {
            CertificateMetrics.Report(sink, seen, tls.IsAuthenticated ? tls.SslProtocol : default);
        }
    }

    /// <summary>Reads lines until one matches, the other side ends, or too much came.</summary>
    private static async Task<string?> ExpectAsync(Stream stream, Re2 expect, CancellationToken ct)
    {
        var line = new List<byte>();
        byte[] one = new byte[1];
        int total = 0;
        while (total++ < MaxLine && await stream.ReadAsync(one, ct) == 1)
        {
            if (one[0] != '\n')
            {
                line.Add(one[0]);
                continue;
            }
            string text = Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            if (expect.IsMatch(text))
                return text;
            line.Clear();
        }
        string rest = Encoding.UTF8.GetString([.. line]);
        return expect.IsMatch(rest) ? rest : null;
    }
}
