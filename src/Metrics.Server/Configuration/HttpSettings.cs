using System.Net;

namespace Metrics.Configuration;

/// <summary>
/// How HTTP connections of one purpose are made: the one place that handlers come from. A value, so that equal settings may share
/// connections. What is set here is what holds for nearly everybody; each room says only what differs. See
/// <c>docs/decisions/0003-http-handlers.md</c>.
/// </summary>
internal sealed record HttpSettings
{
    /// <summary>How the other side's certificate is checked, and what we show it. Default: by the system's authorities, nothing.</summary>
    public TlsOptions Tls { get; init; } = TlsOptions.None;

    /// <summary>Through which proxy. Default none.</summary>
    public ProxyOptions Proxy { get; init; } = ProxyOptions.None;

    /// <summary>Whether redirects are followed, as <see cref="RedirectingHandler"/> does it. Default no.</summary>
    public bool FollowRedirects { get; init; }

    /// <summary>How bodies may be packed. Default as they are.</summary>
    public DecompressionMethods Decompression { get; init; } = DecompressionMethods.None;

    /// <summary>After what age a connection is made anew, so that changes of names are followed. Default 10 minutes.</summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long to wait for a connection. Default: as long as the request may take.</summary>
    public TimeSpan? ConnectTimeout { get; init; }

    /// <summary>
    /// Whether the rest of an answer that nobody reads is read even so, to keep its connection; else it is cut off. Default yes.
    /// </summary>
    public bool DrainsAnswers { get; init; } = true;

    /// <summary>Longest headers of an answer, KiB. Default 64.</summary>
    public int MaxHeadersKibibytes { get; init; } = 64;

    /// <summary>
    /// Makes a handler with connections of its own; whoever asks for it disposes it. Cookies are never kept, and redirects are followed by
    /// those that are made over it below.
    /// </summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file of <see cref="Tls"/> holds no certificate.</exception>
    public SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = Proxy.IsFromEnvironment || Proxy.Url is not null,
            Proxy = Proxy.Url is { } url ? new NamedProxy(url, Proxy.Account, Proxy.Except)
                : Proxy.IsFromEnvironment ? new EnvironmentProxy(Environment.GetEnvironmentVariable) : null,
            AutomaticDecompression = Decompression,
            PooledConnectionLifetime = ConnectionLifetime,
            MaxResponseHeadersLength = MaxHeadersKibibytes,
            SslOptions = Tls.ToHttpOptions(),
        };
        if (ConnectTimeout is { } limit)
            handler.ConnectTimeout = limit;
        if (!DrainsAnswers)
            (handler.ResponseDrainTimeout, handler.MaxResponseDrainSize) = (TimeSpan.Zero, 0);
        return handler;
    }

    /// <summary>Makes a client over a handler of its own.</summary>
    /// <param name="timeout">Longest time of a request; null where each request has its own.</param>
    /// <param name="connect">How it connects, where that is another way than by name and port.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file of <see cref="Tls"/> holds no certificate.</exception>
    public HttpClient CreateClient(TimeSpan? timeout = null, Action<SocketsHttpHandler>? connect = null)
    {
        SocketsHttpHandler handler = CreateHandler();
        connect?.Invoke(handler);
        return ClientOver(Redirecting(handler), timeout);
    }

    /// <summary>Makes what sends requests that have a time of their own, over a handler of its own.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file of <see cref="Tls"/> holds no certificate.</exception>
    public HttpMessageInvoker CreateInvoker() => new(Redirecting(CreateHandler()));

    /// <summary>Makes a client over a handler that was made here and has others before it.</summary>
    /// <param name="handler">The first of them.</param>
    /// <param name="timeout">Longest time of a request; null where each request has its own.</param>
    /// <param name="owns">Whether the client disposes them.</param>
    public static HttpClient ClientOver(HttpMessageHandler handler, TimeSpan? timeout = null, bool owns = true) =>
        new(handler, owns) { Timeout = timeout ?? Timeout.InfiniteTimeSpan };

    private HttpMessageHandler Redirecting(SocketsHttpHandler handler) => FollowRedirects ? new RedirectingHandler(handler) : handler;
}
