using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metrics.Testing;

/// <summary>
/// An HTTP server on a free port of this machine, for whatever a test wants to be called by. Requests are answered one by one.
/// </summary>
internal sealed class LocalServer : IDisposable
{
    private const int LowestPort = 10_000;

    /// <summary>Of Linux: <c>net.ipv4.ip_local_port_range</c>.</summary>
    private const int LowestOfSystem = 32_768;

    private static readonly ConcurrentDictionary<int, bool> s_given = [];

    private readonly HttpListener _listener = new();
    private readonly Func<HttpListenerContext, Task> _answer;

    /// <param name="answer">Answers a request; the response is closed afterwards.</param>
    /// <param name="port">The port; a free one by default.</param>
    public LocalServer(Func<HttpListenerContext, Task> answer, int? port = null)
    {
        _answer = answer;
        Url = $"http://127.0.0.1:{port ?? FreePort()}/";
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    /// <summary>Its address, with a slash at the end.</summary>
    public string Url { get; }

    /// <summary>
    /// A port that nobody listens on at this moment, and that is given to nobody else: not one of those that the system gives to outgoing
    /// connections, and each once.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            int port = Random.Shared.Next(LowestPort, LowestOfSystem);
            if (!s_given.TryAdd(port, true))
                continue;
            try
            {
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody listens there.
            }
        }
    }

    /// <summary>The body of a request as text.</summary>
    public static async Task<string> ReadAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    public void Dispose() => ((IDisposable)_listener).Dispose();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            try
            {
                await _answer(context);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidDataException)
            {
                // Whoever asked is gone, perhaps in the middle of a packed body.
                context.Response.Abort();
            }
        }
    }
}
