using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Metrics.Hosting;

/// <summary>Says what is wrong to who speaks HTTP where TLS is spoken, as Go's servers do; a handshake would fail without a word.</summary>
internal static class PlainHttpAnswer
{
    private const string Text = "this is an HTTPS port; use https://\n";

    private static readonly byte[] s_answer = System.Text.Encoding.ASCII.GetBytes(
        $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {Text.Length}\r\nConnection: close\r\n\r\n{Text}");

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Looks at the first byte of a connection, and hands it on untouched unless a method's name begins there.</summary>
    public static async Task GuardAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        PipeReader input = connection.Transport.Input;
        using var patience = new CancellationTokenSource(s_patience, TimeProvider.System);
        ReadResult first;
        try
        {
            first = await input.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            connection.Abort(new ConnectionAbortedException("nothing came"));
            return;
        }
        bool isPlain = !first.Buffer.IsEmpty && char.IsAsciiLetterUpper((char)first.Buffer.FirstSpan[0]);
        bool isEmpty = first.Buffer.IsEmpty;
        input.AdvanceTo(first.Buffer.Start);
        if (isEmpty)
            return;
        if (isPlain)
        {
            await connection.Transport.Output.WriteAsync(s_answer, patience.Token);
            await connection.Transport.Output.CompleteAsync();
            return;
        }
        try
        {
            await next(connection);
        }
        catch (NotSupportedException)
        {
            // What SslStream says of a client that speaks no version of ours; others must not fill the log with it.
        }
    }
}
