using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metrics.IntegrationTests;

/// <summary>An HTTP server that keeps connections open and counts them: whoever opens a second one has forgotten the first.</summary>
internal sealed class PageServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private int _connections;
    private int _requests;

    public PageServer(string page)
    {
        Page = page;
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    /// <summary>What it answers, whatever is asked.</summary>
    public string Page { get; set; }

    /// <summary>What it says the page is.</summary>
    public string ContentType { get; init; } = "text/plain; version=0.0.4";

    /// <summary>The same as gzip, which it sends instead.</summary>
    public byte[]? Packed { get; init; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that were opened so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Requests that were answered so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _connections);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
                while (await reader.ReadLineAsync() is { } line)
                {
                    // An empty line ends the head of a request; none of them has a body.
                    if (line.Length > 0)
                        continue;
                    byte[] body = Packed ?? Encoding.UTF8.GetBytes(Page);
                    string encoding = Packed is null ? "" : "Content-Encoding: gzip\r\n";
                    string head =
                        $"HTTP/1.1 200 OK\r\nContent-Type: {ContentType}\r\n{encoding}Content-Length: {body.Length}\r\n\r\n";
                    await client.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body]);
                    Interlocked.Increment(ref _requests);
                }
            }
            catch (IOException)
            {
                // The other side has gone.
            }
        }
    }
}
