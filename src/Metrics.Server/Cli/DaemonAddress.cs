namespace Metrics.Cli;

/// <summary>Where the daemon is asked.</summary>
/// <param name="Url">Its address, without a slash at the end.</param>
/// <param name="IsOurs">It is on this machine, or the one that the configuration describes: the configuration's tokens may go
/// there.</param>
internal readonly record struct DaemonAddress(string Url, bool IsOurs)
{
    /// <summary>Takes <c>--url</c> or what the configuration listens on.</summary>
    /// <param name="asked">What <c>--url</c> says, or null.</param>
    /// <param name="listen">The configuration's <c>listen</c>: host and port.</param>
    public static DaemonAddress Choose(Uri? asked, string listen)
    {
        Uri own = new("http://" + listen);
        if (asked is null)
            return new DaemonAddress(Text(Reachable(own)), true);
        bool isConfigured = string.Equals(asked.Authority, own.Authority, StringComparison.OrdinalIgnoreCase);
        return new DaemonAddress(Text(asked), asked.IsLoopback || isConfigured);
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
