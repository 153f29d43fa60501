using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>Sends bytes to an HTTP server that no client would send, over one connection for as long as the server keeps it.</summary>
internal sealed class RawConnection(int port) : IDisposable
{
    private const int MaxAnswer = 64 << 20;

    private readonly byte[] _buffer = new byte[1 << 16];
    private TcpClient? _client;
    private NetworkStream? _stream;
    private int _from;
    private int _to;

    /// <summary>What was answered.</summary>
    /// <param name="Status">The status; 0 when the server closed the connection without one.</param>
    /// <param name="Head">Status line and headers.</param>
    internal readonly record struct Answer(int Status, string Head);

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="request">The bytes.</param>
    /// <param name="isHead">The answer has no body whatever it says.</param>
    /// <param name="isWhole">Whether the request is one; else nothing more is sent on this connection.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task<Answer> AskAsync(ReadOnlyMemory<byte> request, bool isHead, bool isWhole, CancellationToken ct)
    {
        if (_client is null)
        {
            _client = new TcpClient { NoDelay = true };
            await _client.ConnectAsync(IPAddress.Loopback, port, ct);
            _stream = _client.GetStream();
            (_from, _to) = (0, 0);
        }
        try
        {
            await _stream!.WriteAsync(request, ct);
            if (!isWhole)
                _client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // It may have answered before it had read everything.
        }
        try
        {
            return await ReadAsync(isHead, isWhole, ct);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            Close();
            return new Answer(0, "");
        }
    }

    public void Dispose() => Close();

    private async Task<Answer> ReadAsync(bool isHead, bool isWhole, CancellationToken ct)
    {
        string head = await HeadAsync(ct);
        while (head.StartsWith("HTTP/1.1 100", StringComparison.Ordinal))
            head = await HeadAsync(ct);
        if (head.Length == 0)
        {
            Close();
            return new Answer(0, "");
        }
        int status = int.Parse(head.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);
        bool isEndless = head.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase);
        if (!isWhole || isEndless || head.Contains("Connection: close", StringComparison.OrdinalIgnoreCase))
            Close();
        else if (!isHead && status is not (204 or 304))
            await SkipBodyAsync(head, ct);
        return new Answer(status, head);
    }

    private async Task SkipBodyAsync(string head, CancellationToken ct)
    {
        const string Length = "Content-Length: ";
        int at = head.IndexOf(Length, StringComparison.OrdinalIgnoreCase);
        if (at >= 0)
        {
            string digits = head[(at + Length.Length)..head.IndexOf('\r', at)];
            await SkipAsync(int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture), ct);
            return;
        }
        if (!head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            Close();
            return;
        }
        while (Convert.ToInt32(await LineAsync(ct), 16) is > 0 and var chunk)
            await SkipAsync(chunk + 2, ct);
        await SkipAsync(2, ct);
    }

    private async Task<string> HeadAsync(CancellationToken ct)
    {
        var head = new StringBuilder();
        while (await LineAsync(ct) is { Length: > 0 } line)
            head.Append(line).Append("\r\n");
        return head.ToString();
    }

    /// <summary>The next line without its end; empty at the end of the connection too.</summary>
    private async Task<string> LineAsync(CancellationToken ct)
    {
        var line = new StringBuilder();
        while (_from < _to || await FillAsync(ct))
        {
            char c = (char)_buffer[_from++];
            if (c == '\n')
                break;
            if (c != '\r')
                line.Append(c);
        }
        return line.ToString();
    }

    private async Task SkipAsync(int bytes, CancellationToken ct)
    {
        if (bytes > MaxAnswer)
            throw new IOException("the answer is too large");
        while (bytes > 0 && (_from < _to || await FillAsync(ct)))
        {
            int taken = Math.Min(bytes, _to - _from);
            (bytes, _from) = (bytes - taken, _from + taken);
        }
    }

    private async Task<bool> FillAsync(CancellationToken ct)
    {
        int read = await _stream!.ReadAsync(_buffer, ct);
        (_from, _to) = (0, read);
        return read > 0;
    }

    private void Close()
    {
        _client?.Dispose();
        (_client, _stream) = (null, null);
    }
}
