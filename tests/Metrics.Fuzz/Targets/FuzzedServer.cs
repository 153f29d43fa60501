using System.Net;

namespace Metrics.Fuzz;

/// <summary>A server that answers what it is given.</summary>
internal sealed class FuzzedServer(Func<HttpRequestMessage, (int Status, byte[] Body)> answer) : HttpMessageHandler
{
    /// <summary>A header of every answer, and its value.</summary>
    public (string Name, string Value)? Header { get; init; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        (int status, byte[] body) = answer(request);
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(body), RequestMessage = request };
        if (Header is { } header)
            response.Headers.TryAddWithoutValidation(header.Name, header.Value);
        return Task.FromResult(response);
    }
}
