using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Metrics.Hosting;

/// <summary>What a client may take of us, however it behaves. Only the number of connections is for operators to choose.</summary>
internal static class HttpLimits
{
    /// <summary>A connection that asks nothing is closed; longer than most scrape.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(75);

    /// <summary>The headers of a request are here by then.</summary>
    private static readonly TimeSpan s_headers = TimeSpan.FromSeconds(10);

    public static void Set(KestrelServerOptions kestrel, int maxConnections)
    {
        kestrel.AddServerHeader = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = OpenFiles.ConnectionsWithin(maxConnections);
        // WebSockets and the like: none of our routes speaks them.
        limits.MaxConcurrentUpgradedConnections = 0;
        (limits.KeepAliveTimeout, limits.RequestHeadersTimeout) = (s_idle, s_headers);
        // Expressions by GET, and federation of many selectors, have long addresses.
        limits.MaxRequestLineSize = 1 << 20;
        limits.MaxRequestBodySize = 128L << 20;
        // An answer holds memory until it is taken. A body moves by at least 240 bytes a second after five: Kestrel's default.
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 16 << 10, gracePeriod: TimeSpan.FromSeconds(10));
    }

    /// <summary>Forms hold expressions and a few words; Kestrel's bounds would let a file of 128 MiB be laid down on disk.</summary>
    public static void Set(FormOptions forms) =>
        (forms.ValueLengthLimit, forms.MultipartBodyLengthLimit, forms.BufferBodyLengthLimit) = (1 << 20, 1 << 20, 4 << 20);
}
