using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>Stands where an InfluxDB should and answers as it likes, byte by byte; its connections serve one request each.</summary>
internal sealed class HostileInflux : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Answers one request.</summary>
    /// <param name="path">The path, its query cut off.</param>
    /// <param name="to">Where the answer goes.</param>
    /// <param name="stop">The test is over.</param>
    internal delegate Task Answer(string path, Stream to, CancellationToken stop);

    public HostileInflux(Answer answer)
    {
        Behave = answer;
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    /// <summary>How it answers from now on.</summary>
    public Answer Behave { get; set; }

    /// <summary>What was asked: method and path.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The lines of every write, whatever it was answered.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>Answers as InfluxDB 1.6 does when nothing is wrong and nothing is stored.</summary>
    public static Task WellAsync(string path, Stream to, CancellationToken stop) => path == "/query"
        ? JsonAsync("{\"results\":[{\"statement_id\":0}]}\n")(path, to, stop)
        : Raw("HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.6.7~rc0\r\nConnection: close\r\n\r\n")(path, to, stop);

    /// <summary>Answers so on some paths, and well elsewhere.</summary>
    public static Answer On(string paths, Answer answer) => (path, to, stop) =>
        paths.Split(' ').Contains(path) ? answer(path, to, stop) : WellAsync(path, to, stop);

    public static Answer Raw(string text) => async (_, to, stop) => await to.WriteAsync(Encoding.UTF8.GetBytes(text), stop);

    public static Answer JsonAsync(string body) => Body(200, "application/json", body);

    public static Answer Body(int status, string type, string body, string headers = "") => Raw(
        $"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"
            + $"Connection: close\r\n\r\n{body}");

    /// <summary>Says a text for ever.</summary>
    public static Answer Endless(string text) => async (_, to, stop) =>
    {
        await to.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
        byte[] block = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, Math.Max(1, 16384 / text.Length))));
        while (!stop.IsCancellationRequested)
            await to.WriteAsync(block, stop);
    };

    /// <summary>Says one byte after the other, never enough of them.</summary>
    public static Answer Trickle => async (_, to, stop) =>
    {
        await to.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
        while (!stop.IsCancellationRequested)
        {
            await to.WriteAsync(" "u8.ToArray(), stop);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, stop);
        }
    };

    public static Answer Silent => (_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                if (await ReadAsync(stream) is { } path)
                    await Behave(path, stream, _stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // Whoever asked has had enough.
            }
        }
    }

    /// <summary>Reads a request.</summary>
    private async Task<string?> ReadAsync(Stream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
                return null;
            head.Append((char)one[0]);
        }
        string[] lines = head.ToString().Split("\r\n");
        string? length = lines.FirstOrDefault(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[length is null ? 0 : int.Parse(length[15..], System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        string[] words = lines[0].Split(' ');
        string path = words[1].Split('?')[0];
        Requests.Enqueue($"{words[0]} {path}");
        if (path.Contains("/write", StringComparison.Ordinal))
        {
            using var reader = new StreamReader(new GZipStream(new MemoryStream(body), CompressionMode.Decompress), Encoding.UTF8);
            foreach (string line in (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Lines.Enqueue(line);
        }
        return path;
    }
}
