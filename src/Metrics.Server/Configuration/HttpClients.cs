namespace Metrics.Configuration;

/// <summary>
/// Clients for those who learn their settings with each request, such as notifiers: equal settings share one, and with it its connections,
/// over reloads too. One that nobody has asked for in an hour ends when another is made. Safe for use by several threads.
/// </summary>
internal sealed class HttpClients(TimeProvider time) : IDisposable
{
    /// <summary>Longer than any request may take, so that none under way is cut off.</summary>
    internal static readonly TimeSpan UnusedFor = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<HttpSettings, (HttpClient Client, long Used)> _clients = [];

    /// <summary>How many there are.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
                return _clients.Count;
        }
    }

    /// <summary>The client of some settings; it has no timeout of its own, and is not for the caller to dispose.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file of the settings holds no certificate.</exception>
    public HttpClient Get(HttpSettings settings)
    {
        lock (_lock)
        {
            if (!_clients.TryGetValue(settings, out (HttpClient Client, long Used) known))
            {
                EndUnused();
                known.Client = settings.CreateClient();
            }
            _clients[settings] = (known.Client, time.GetTimestamp());
            return known.Client;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach ((HttpClient client, _) in _clients.Values)
                client.Dispose();
            _clients.Clear();
        }
    }

    private void EndUnused()
    {
        foreach ((HttpSettings settings, (HttpClient client, long used)) in _clients.ToList())
        {
            if (time.GetElapsedTime(used) <= UnusedFor)
                continue;
            _clients.Remove(settings);
            client.Dispose();
        }
    }
}
