using Metrics.Access;

namespace Metrics.Cli;

/// <summary>Where the daemon is asked.</summary>
/// <param name="Url">Its address, without a slash at the end; <c>unix:/PATH</c> is a socket.</param>
/// <param name="IsOurs">It is on this machine, or the one that the configuration describes: the configuration's tokens may go
/// there.</param>
internal readonly record struct DaemonAddress(string Url, bool IsOurs)
{
    /// <summary>
    /// The file of the certificate that it shows; null unless it is the one that the configuration describes. That certificate is known
    /// whatever name it bears.
    /// </summary>
    public string? CertFile { get; init; }

    /// <summary>Takes <c>--url</c> or what the configuration listens on.</summary>
    /// <param name="asked">What <c>--url</c> says, or null.</param>
    /// <param name="listen">The configuration's <c>listen</c>.</param>
    public static DaemonAddress Choose(Uri? asked, ListenAddress listen)
    {
        if (asked is null && listen.SocketPath is not null)
            return new DaemonAddress(listen.Text, true);
        // A file on this machine.
        if (asked?.Scheme == "unix")
            return new DaemonAddress(asked.OriginalString, true);
        Uri own = new(listen.SocketPath is null ? listen.Url : "http://localhost");
        if (asked is null)
            return new DaemonAddress(Text(Reachable(own)), true) { CertFile = listen.Tls?.CertFile };
        bool isConfigured = listen.SocketPath is null && string.Equals(asked.Authority, own.Authority, StringComparison.OrdinalIgnoreCase);
        return new DaemonAddress(Text(asked), asked.IsLoopback || isConfigured) { CertFile = isConfigured ? listen.Tls?.CertFile : null };
    }

    /// <summary>Nobody can be asked at "all addresses".</summary>
    private static Uri Reachable(Uri own) => own.Host switch
    {
        "0.0.0.0" => new UriBuilder(own) { Host = "127.0.0.1" }.Uri,
        "[::]" => new UriBuilder(own) { Host = "[::1]" }.Uri,
        _ => own,
    };

    private static string Text(Uri address) => address.AbsoluteUri.TrimEnd('/');
}
