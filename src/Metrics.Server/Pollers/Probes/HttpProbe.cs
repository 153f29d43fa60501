using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Metrics.Configuration;
using Metrics.Model;

namespace Metrics.Pollers.Probes;

/// <summary>One HTTP question with the time of each phase, redirects followed one by one, and checks of status, body and TLS.</summary>
internal sealed class HttpProbe(ProbeJob job, TimeProvider time)
{
    private const int MaxRedirects = 10;

    private static readonly string[] s_phases = ["resolve", "connect", "tls", "processing", "transfer"];
    private static readonly Metric s_duration =
        Metric.Gauge("probe_http_duration_seconds", "Duration of http request by phase, summed over all redirects", "phase");
    private static readonly Metric s_status = Metric.Gauge("probe_http_status_code", "Response HTTP status code");
    private static readonly Metric s_redirects = Metric.Gauge("probe_http_redirects", "The number of redirects");
    private static readonly Metric s_ssl = Metric.Gauge("probe_http_ssl", "Indicates if SSL was used for the final redirect");
    private static readonly Metric s_version = Metric.Gauge("probe_http_version", "Returns the version of HTTP of the probe response");
    private static readonly Metric s_length = Metric.Gauge("probe_http_content_length", "Length of http content response");
    private static readonly Metric s_bodyLength =
        Metric.Gauge("probe_http_uncompressed_body_length", "Length of uncompressed response body");
    private static readonly Metric s_regex = Metric.Gauge("probe_failed_due_to_regex", "Indicates if probe failed due to regex");
    private static readonly Metric s_modified =
        Metric.Gauge("probe_http_last_modified_timestamp_seconds", "Returns the Last-Modified HTTP response header in unixtime");

    private readonly Dictionary<string, double> _seconds = s_phases.ToDictionary(p => p, _ => 0.0);
    private readonly CertificateMetrics.Seen _seen = new();
    private System.Security.Authentication.SslProtocols _protocol;
    private long _mark;

    /// <returns>Why it failed, or null.</returns>
    public async Task<string?> RunAsync(string target, SampleSink sink, CancellationToken ct)
    {
        var hop = HttpHop.First(new Uri(target), job.Http.Method);
        var cookies = new CookieContainer();
        int redirects = 0;
        try
        {
            while (true)
            {
                bool first = redirects == 0;
                using SocketsHttpHandler handler = CreateHandler(first ? sink : null);
                (handler.UseCookies, handler.CookieContainer) = (true, cookies);
                using var client = new HttpMessageInvoker(handler);
                using HttpRequestMessage request = await CreateRequestAsync(hop, ct);
                _mark = time.GetTimestamp();
                using HttpResponseMessage response = await client.SendAsync(request, ct);
                EndPhase("processing");
                if (job.Http.Access.FollowRedirects && redirects < MaxRedirects && hop.After(response) is { } next)
                {
                    hop = next;
                    redirects++;
                    continue;
                }
                return await JudgeAsync(response, hop.Url, redirects, sink, ct);
            }
        }
        finally
        {
            foreach (string phase in s_phases)
                sink.Add(s_duration, _seconds[phase], phase);
            if (_seen.Certificates.Count > 0)
                CertificateMetrics.Report(sink, _seen, _protocol);
        }
    }

    private async Task<string?> JudgeAsync(HttpResponseMessage response, Uri url, int redirects, SampleSink sink, CancellationToken ct)
    {
        (string body, long length, bool tooLarge, string? wrong) = await ReadBodyAsync(response, ct);
        EndPhase("transfer");
        bool tls = url.Scheme == "https";
        int status = (int)response.StatusCode;
        sink.Add(s_status, status);
        sink.Add(s_redirects, redirects);
        sink.Add(s_ssl, tls ? 1 : 0);
        sink.Add(s_version, response.Version.Major + (response.Version.Minor / 10.0));
        sink.Add(s_length, response.Content.Headers.ContentLength ?? -1);
        sink.Add(s_bodyLength, length);
        if (response.Content.Headers.LastModified is { } modified)
            sink.Add(s_modified, modified.ToUnixTimeSeconds());
        bool validStatus = job.Http.ValidStatusCodes.Count == 0 ? status is >= 200 and < 300 : job.Http.ValidStatusCodes.Contains(status);
        string? regexFault = HeaderFault(response) ?? (tooLarge || wrong is not null ? null : BodyFault(body));
        if (job.Http.HasExpressions)
            sink.Add(s_regex, regexFault is null ? 0 : 1);
        if (tooLarge)
            return $"the body is larger than {job.Http.BodySizeLimitBytes} bytes";
        if (!validStatus)
            return string.Create(CultureInfo.InvariantCulture, $"status {status} {response.ReasonPhrase}");
        string version = string.Create(CultureInfo.InvariantCulture, $"HTTP/{response.Version.Major}.{response.Version.Minor}");
        if (wrong is not null)
            return wrong;
        if (job.Http.ValidVersions.Count > 0 && !job.Http.ValidVersions.Contains(version))
            return $"the answer is {version}, not {string.Join(" or ", job.Http.ValidVersions)}";
        if (job.Http.FailIfSsl && tls)
            return "the answer came over TLS";
        return job.Http.FailIfNotSsl && !tls ? "the answer did not come over TLS" : regexFault;
    }

    private string? BodyFault(string body) =>
        job.Http.FailIfMatches.FirstOrDefault(r => r.IsMatch(body)) is { } bad ? $"the body matches '{bad}'"
        : job.Http.FailIfNotMatches.FirstOrDefault(r => !r.IsMatch(body)) is { } missing ? $"the body does not match '{missing}'"
        : null;

    private string? HeaderFault(HttpResponseMessage response)
    {
        foreach (HeaderMatch match in job.Http.FailIfHeaderMatches)
        {
            IReadOnlyList<string> values = ValuesOf(response, match.Header);
            if (values.Count == 0 && !match.AllowMissing)
                return $"there is no header {match.Header}";
            if (values.Any(match.Regex.IsMatch))
                return $"the header {match.Header} matches '{match.Regex}'";
        }
        foreach (HeaderMatch match in job.Http.FailIfHeaderNotMatches)
        {
            IReadOnlyList<string> values = ValuesOf(response, match.Header);
            if (values.Count == 0 && !match.AllowMissing)
                return $"there is no header {match.Header}";
            if (values.Count > 0 && !values.Any(match.Regex.IsMatch))
                return $"the header {match.Header} does not match '{match.Regex}'";
        }
        return null;
    }

    private static List<string> ValuesOf(HttpResponseMessage response, string header) =>
    [
        .. response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .Where(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase)).SelectMany(h => (IEnumerable<string>)h.Value),
    ];

    private async Task<(string Body, long Length, bool TooLarge, string? Wrong)> ReadBodyAsync(
        HttpResponseMessage response, CancellationToken ct)
    {
        if (job.Http.Compression is not ("" or "identity")
            && !response.Content.Headers.ContentEncoding.SequenceEqual([job.Http.Compression]))
            return ("", 0, false, $"the answer is not packed by {job.Http.Compression}");
        await using Stream stream = Unpack(await response.Content.ReadAsStreamAsync(ct));
        var body = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, ct) is var read and > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > job.Http.BodySizeLimitBytes)
                return ("", body.Length, true, null);
        }
        return (Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length), body.Length, false, null);
    }

    private Stream Unpack(Stream stream) => job.Http.Compression switch
    {
        "gzip" => new GZipStream(stream, CompressionMode.Decompress),
        "br" => new BrotliStream(stream, CompressionMode.Decompress),
        "deflate" => new ZLibStream(stream, CompressionMode.Decompress),
        _ => stream,
    };

    /// <summary>Every question has a connection of its own, whose phases are measured.</summary>
    private SocketsHttpHandler CreateHandler(SampleSink? sink)
    {
        SocketsHttpHandler handler = (job.Http.Access with { Tls = job.Tls }).ToSettings(new HttpSettings()).CreateHandler();
        handler.ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, sink, ct);
        handler.PlaintextStreamFilter = NoteHandshake;
        CertificateMetrics.Watch(handler.SslOptions, job.Tls.InsecureSkipVerify, _seen);
        return handler;
    }

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint target, SampleSink? sink, CancellationToken ct)
    {
        IPAddress address = sink is null
            ? await ProbeTarget.ResolveAsync(target.Host, job.IpProtocol, ct)
            : await ProbePoller.ResolveAsync(target.Host, job, sink, time, ct);
        EndPhase("resolve");
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, target.Port), ct);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        EndPhase("connect");
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Called once the connection is made, TLS included.</summary>
    private ValueTask<Stream> NoteHandshake(SocketsHttpPlaintextStreamFilterContext context, CancellationToken ct)
    {
        if (context.InitialRequestMessage.RequestUri!.Scheme == "https")
        {
            _protocol = (context.PlaintextStream as System.Net.Security.SslStream)?.SslProtocol ?? default;
            EndPhase("tls");
        }
        return ValueTask.FromResult(context.PlaintextStream);
    }

    private async Task<HttpRequestMessage> CreateRequestAsync(HttpHop hop, CancellationToken ct)
    {
        var request = new HttpRequestMessage(hop.Method, hop.Url);
        if (hop.HasBody && job.Http.BodyNow() is { } body)
        {
            request.Content = new StringContent(body);
            request.Content.Headers.ContentType = null;
        }
        request.Headers.TryAddWithoutValidation("User-Agent", Telemetry.VersionText.UserAgent);
        foreach ((string name, string value) in job.Http.Headers.Where(h => hop.Takes(h.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content?.Headers.TryAddWithoutValidation(name, value);
        }
        if (!job.Http.Headers.Keys.Contains("Accept-Encoding", StringComparer.OrdinalIgnoreCase))
            request.Headers.TryAddWithoutValidation("Accept-Encoding", job.Http.Compression is "" ? "identity" : job.Http.Compression);
        job.Http.Access.SetVersion(request);
        if (hop.HasSecrets)
            await job.Http.Access.SignAsync(request, time, ct);
        if (!request.Headers.NonValidated.Contains("Authorization") && UserInfo.Authorization(hop.Url) is { } credentials)
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(credentials);
        return request;
    }

    private void EndPhase(string phase)
    {
        long now = time.GetTimestamp();
        _seconds[phase] += time.GetElapsedTime(_mark, now).TotalSeconds;
        _mark = now;
    }
}
