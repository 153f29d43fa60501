using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Metrics.Formats.Forward;
using Metrics.Model;
using Metrics.Storage.Samples.Influx;
using Metrics.Telemetry;

namespace Metrics.Storage.Forwarding;

/// <summary>What came of a request.</summary>
/// <param name="Status">HTTP's status; 0 where there was no answer.</param>
/// <param name="Taken">What the centre says; null where nothing was taken, as far as is known.</param>
/// <param name="Reason">Why nothing was; empty where it was.</param>
/// <param name="RetryAfter">How long the centre asks to wait.</param>
internal sealed record ForwardReply(int Status, ForwardAnswer? Taken, string Reason, TimeSpan? RetryAfter);

/// <summary>Sends events to the centre. It never tries again by itself, and whatever is answered, or not, is a reply.</summary>
internal sealed class ForwardClient(ForwardOptions options, ForwardMetrics metrics, TimeProvider time) : IDisposable
{
    /// <summary>The centre's address for events.</summary>
    public const string Path = "api/v1/forward";

    /// <summary>What is said of a success that no metricsd has answered, behind its status.</summary>
    public const string NoMetricsd = ", but no answer of a metricsd; is this the centre, or a proxy before it?";

    private const int MaxAnswerBytes = 16 << 10;
    private const int MaxReasonLength = 300;

    private readonly HttpClient _http = options.Http.CreateClient();
    private readonly Uri _address = new($"{options.Url.ToString().TrimEnd('/')}/{Path}");

    /// <summary>Sends lines: a header, and events.</summary>
    /// <param name="lines">As they are; they go packed.</param>
    /// <param name="ct">Our own end; only this throws.</param>
    public async Task<ForwardReply> SendAsync(ReadOnlyMemory<byte> lines, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(ForwardOptions.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        string status = "error";
        try
        {
            using HttpRequestMessage request = NewRequest(lines);
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            ForwardReply reply = await JudgeAsync(response, either.Token);
            if (response.IsSuccessStatusCode && reply.Taken is null)
                status = "error";
            return reply;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            status = "timeout";
            return new ForwardReply(0, null, $"no answer within {Duration.Format(ForwardOptions.Timeout)}", null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            return new ForwardReply(0, null, e.GetBaseException().Message, null);
        }
        finally
        {
            if (!ct.IsCancellationRequested)
                metrics.Requests.WithLabels(status).Inc();
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage NewRequest(ReadOnlyMemory<byte> lines)
    {
        var packed = new MemoryStream(lines.Length / 4);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(lines.Span);
        var content = new ByteArrayContent(packed.GetBuffer(), 0, (int)packed.Length);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        content.Headers.ContentEncoding.Add("gzip");
        var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = content };
        request.Headers.TryAddWithoutValidation("User-Agent", VersionText.UserAgent);
        // Its file is read each time: it may have been renewed.
        if (options.Token is { } token)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token.Reveal()}");
        return request;
    }

    private async Task<ForwardReply> JudgeAsync(HttpResponseMessage response, CancellationToken ct)
    {
        byte[] start = new byte[MaxAnswerBytes];
        await using Stream body = await response.Content.ReadAsStreamAsync(ct);
        int length = await body.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, ct);
        int status = (int)response.StatusCode;
        if (response.StatusCode == HttpStatusCode.OK && ForwardAnswer.TryRead(start.AsSpan(0, length)) is { } answer)
            return new ForwardReply(status, answer, "", null);
        string which = response.IsSuccessStatusCode ? NoMetricsd : "";
        string said = System.Text.Encoding.UTF8.GetString(start, 0, length).ReplaceLineEndings(" ").Trim();
        string? wish = response.Headers.TryGetValues("Retry-After", out IEnumerable<string>? values) ? values.First() : null;
        return new ForwardReply(
            status, null, string.Create(CultureInfo.InvariantCulture,
                $"HTTP {status}{which}: {(said.Length > MaxReasonLength ? said[..MaxReasonLength] : said)}"),
            InfluxAnswer.ReadRetryAfter(wish, time.GetUtcNow()));
    }
}
