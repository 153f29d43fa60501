using System.Net.Http.Headers;

namespace Metrics.Configuration;

/// <summary>
/// Follows redirects as Go's net/http does: who we are is shown to the first host and its domain alone. What would lose the request's body
/// on the way, or go on without TLS, is not followed; the answer that asks for it is what the caller gets.
/// </summary>
/// <param name="inner">Sends.</param>
internal sealed class RedirectingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int MaxRedirects = 10;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpHop hop = HttpHop.First(request.RequestUri!, request.Method.Method);
        HttpRequestMessage sent = request;
        for (int redirects = 0; ; redirects++)
        {
            HttpResponseMessage response = await base.SendAsync(sent, cancellationToken);
            if (hop.After(response) is not { } next || (request.Content is not null && !next.HasBody)
                || next.Url.Scheme is not ("http" or "https")
                || (hop.Url.Scheme == Uri.UriSchemeHttps && next.Url.Scheme == Uri.UriSchemeHttp))
                return response;
            if (redirects == MaxRedirects)
            {
                response.Dispose();
                throw new HttpRequestException($"there are more than {MaxRedirects} redirects");
            }
            response.Dispose();
            hop = next;
            sent = Copy(request, hop);
        }
    }

    private static HttpRequestMessage Copy(HttpRequestMessage request, HttpHop hop)
    {
        var copy = new HttpRequestMessage(hop.Method, hop.Url)
        {
            Content = request.Content, Version = request.Version, VersionPolicy = request.VersionPolicy,
        };
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            if (hop.Takes(name) && (hop.HasSecrets || !HttpHeaderOptions.IsSecret(request, name)))
                copy.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
        }
        return copy;
    }
}
