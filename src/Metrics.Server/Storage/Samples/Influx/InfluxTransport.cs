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
    private readonly InfluxOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _data;

    /// <param name="options">Where it is, and who we are there.</param>
    /// <param name="time">The clock.</param>
    /// <param name="handler">What sends requests; null is the network.</param>
    public InfluxTransport(InfluxOptions options, TimeProvider time, HttpMessageHandler? handler = null)
    {
        (_options, _time) = (options, time);
        Root = options.Url.ToString().TrimEnd('/');
        // InfluxDB 1 echoes a refused line of up to 64 KiB in a header.
        var settings = new HttpSettings { MaxHeadersKibibytes = 256, Decompression = DecompressionMethods.GZip };
        _data = HttpSettings.ClientOver(new Signed(handler ?? settings.CreateHandler(), options));
        WordsHandler = new FirstWords(new Signed(handler ?? settings.CreateHandler(), options), options.Version);
        Words = HttpSettings.ClientOver(WordsHandler);
    }

    /// <summary>For requests whose answers are a few words: of a longer body the first 16 KiB are kept, and the rest is not read.</summary>
    public HttpClient Words { get; }

    /// <summary>What <see cref="Words"/> sends by.</summary>
    public HttpMessageHandler WordsHandler { get; }

    /// <summary>Where it is, without a slash at the end.</summary>
    public string Root { get; }

    /// <summary>The address of a path.</summary>
    public Uri Address(string path) => new($"{Root}/{path}");

    /// <summary>Asks whether it lives.</summary>
    public async Task<InfluxWords> PingAsync(CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address("ping"));
        using HttpResponseMessage answer = await Words.SendAsync(request, ct);
        return await InfluxWords.OfAsync(answer, ct);
    }

    /// <summary>Asks for data; it must begin, and go on, within the options' time to read.</summary>
    /// <returns>The answer, whatever its status; whoever asked disposes it.</returns>
    /// <exception cref="StoreException">There is none.</exception>
    public async Task<AnswerLines> AskAsync(HttpRequestMessage request, CancellationToken ct)
    {
        TimeSpan patience = _options.ReadTimeout;
        using var late = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        HttpResponseMessage? answer = null;
        try
        {
            answer = await _data.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return new AnswerLines(answer, await answer.Content.ReadAsStreamAsync(either.Token), patience, _time);
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
            else if (BasicAuthorization.Of(options.Username, options.Password) is { } basic)
            {
                request.Headers.Authorization = AuthenticationHeaderValue.Parse(basic);
            }
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class FirstWords(HttpMessageHandler inner, InfluxVersion version) : DelegatingHandler(inner)
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
            // A client that looks no further than the status would take a guest network's page for a success.
            if (answer.IsSuccessStatusCode
                && InfluxAnswer.Judge(version, await InfluxWords.OfAsync(answer, cancellationToken), default)
                    is { Verdict: not WriteVerdict.Written } judged)
                throw new StoreException(judged.Reason);
            return answer;
        }
    }
}
