using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Metrics.Configuration;
using Metrics.Telemetry;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// The HTTP connections to one InfluxDB. Each request carries the secret as it is now, since a file of it may have changed. Redirects are
/// not followed: they would take the secret elsewhere.
/// </summary>
internal sealed class InfluxTransport : IDisposable
{
    private readonly HttpClient _data;

    /// <param name="options">Where it is, and who we are there.</param>
    public InfluxTransport(InfluxOptions options)
    {
        // InfluxDB 1 echoes a refused line of up to 64 KiB in a header.
        var settings = new HttpSettings { MaxHeadersKibibytes = 256, Decompression = DecompressionMethods.GZip };
        _data = new HttpClient(new Signed(settings.CreateHandler(), options)) { Timeout = Timeout.InfiniteTimeSpan };
        Words = new HttpClient(new FirstWords(new Signed(settings.CreateHandler(), options))) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>For requests whose answers are a few words: of a longer body the first 16 KiB are kept, and the rest is not read.</summary>
    public HttpClient Words { get; }

    /// <summary>Asks for data.</summary>
    /// <param name="request">The question.</param>
    /// <param name="patience">Longest wait for the answer to begin, and for each next piece of it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <returns>The answer, whatever its status; whoever asked disposes it.</returns>
    /// <exception cref="StoreException">There is none.</exception>
    public async Task<(HttpResponseMessage Answer, AnswerLines Lines)> AskAsync(
        HttpRequestMessage request, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        HttpResponseMessage? answer = null;
        try
        {
            answer = await _data.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return (answer, new AnswerLines(answer, await answer.Content.ReadAsStreamAsync(either.Token), patience, time));
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            answer?.Dispose();
            throw late.IsCancellationRequested
                ? new StoreSilentException($"no answer within {Model.Duration.Format(patience)}", e)
                : new StoreException(e.GetBaseException().Message, e);
        }
    }

    public void Dispose()
    {
        _data.Dispose();
        Words.Dispose();
    }

    private sealed class Signed(HttpMessageHandler inner, InfluxOptions options) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Remove("User-Agent");
            request.Headers.TryAddWithoutValidation("User-Agent", VersionText.UserAgent);
            request.Headers.Remove("Authorization");
            if (options.Token is { } token)
            {
                string scheme = options.Version == InfluxVersion.V3 ? "Bearer" : "Token";
                request.Headers.TryAddWithoutValidation("Authorization", $"{scheme} {token.Reveal()}");
            }
            else if (options.Username is { } name)
            {
                byte[] pair = Encoding.UTF8.GetBytes($"{name}:{options.Password?.Reveal()}");
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(pair));
            }
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class FirstWords(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private const int MaxBytes = 16 << 10;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            using HttpContent whole = answer.Content;
            await using Stream body = await whole.ReadAsStreamAsync(cancellationToken);
            byte[] start = new byte[MaxBytes];
            int length = await body.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
            answer.Content = new ByteArrayContent(start, 0, length);
            answer.Content.Headers.ContentType = whole.Headers.ContentType;
            return answer;
        }
    }
}
