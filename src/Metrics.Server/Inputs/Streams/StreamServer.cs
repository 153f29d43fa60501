using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Metrics.Text;

namespace Metrics.Inputs.Streams;

/// <summary>
/// Listens for connections and serves each beside the others: senders that are not allowed, too many, silent or slow ones are counted and
/// closed. At the stop it listens no longer, lets each connection be read to the end of what has arrived, and waits until all are served.
/// </summary>
/// <param name="listen">Where.</param>
/// <param name="allow">Who may connect.</param>
/// <param name="tls">For TLS; null is in the clear.</param>
/// <param name="limits">What those who connect may take.</param>
/// <param name="counters">Where it counts.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamServer(
    IPEndPoint listen, AllowList allow, ServerTls? tls, StreamLimits limits, InputCounters counters, TimeProvider time)
{
    private const int Backlog = 512;
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<StreamPeer, Task> _peers = new();
    private readonly ConcurrentDictionary<string, int> _connectionsOf = new();

    /// <summary>Where it listens, with the port that the system chose where 0 was asked for.</summary>
    public IPEndPoint? LocalEndPoint { get; private set; }

    /// <summary>Listens until <paramref name="stop"/>.</summary>
    /// <param name="serve">Serves one connection to the end of its stream.</param>
    /// <param name="ready">Called when it listens.</param>
    /// <param name="stop">Asks for the end.</param>
    /// <param name="abort">Closes what is still open.</param>
    /// <exception cref="SocketException">It cannot listen there.</exception>
    public async Task RunAsync(Func<StreamPeer, Task> serve, Action ready, CancellationToken stop, CancellationToken abort)
    {
        tls?.Current();
        using var listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (listen.Address.Equals(IPAddress.IPv6Any))
            listener.DualMode = true;
        listener.Bind(listen);
        listener.Listen(Backlog);
        LocalEndPoint = (IPEndPoint)listener.LocalEndPoint!;
        ready();
        Task watch = WatchAsync(stop);
        try
        {
            await AcceptAsync(listener, serve, stop);
        }
        finally
        {
            listener.Close();
            await using (abort.Register(() => CloseAll(static p => p.Abort())))
            {
                CloseAll(static p => p.EndReading());
                await Task.WhenAll(_peers.Values);
            }
            await watch;
        }
    }

    private async Task AcceptAsync(Socket listener, Func<StreamPeer, Task> serve, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Socket socket = await listener.AcceptAsync(stop);
                if (Admit(socket) is { } peer)
                    Serve(peer, serve);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException)
            {
                // That one connection broke, or the process has no descriptor left: others will come.
                counters.Add(InputError.Connection);
                await Task.Delay(s_pauseAfterFailure, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private StreamPeer? Admit(Socket socket)
    {
        IPAddress address = NetworkList.Plain(((IPEndPoint)socket.RemoteEndPoint!).Address);
        string sender = address.ToString();
        if (!allow.Allows(address))
            counters.Add(InputDrop.RefusedSender);
        else if (_peers.Count >= limits.MaxConnections || _connectionsOf.GetValueOrDefault(sender) >= limits.MaxConnectionsOfOne)
            counters.Add(InputDrop.ConnectionLimit);
        else
            return new StreamPeer(socket, sender, counters, time);
        socket.Dispose();
        return null;
    }

    private void Serve(StreamPeer peer, Func<StreamPeer, Task> serve)
    {
        _connectionsOf.AddOrUpdate(peer.Address, 1, static (_, n) => n + 1);
        counters.AddConnections(1);
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _peers[peer] = served.Task;
        _ = Task.Run(async () =>
        {
            try
            {
                await ServeAsync(peer, serve);
            }
            finally
            {
                _peers.TryRemove(peer, out _);
                counters.AddConnections(-1);
                if (_connectionsOf.AddOrUpdate(peer.Address, 0, static (_, n) => n - 1) == 0)
                    _connectionsOf.TryRemove(new KeyValuePair<string, int>(peer.Address, 0));
                peer.Dispose();
                served.SetResult();
            }
        }, CancellationToken.None);
    }

    private async Task ServeAsync(StreamPeer peer, Func<StreamPeer, Task> serve)
    {
        try
        {
            if (tls is not null && !await TrySecureAsync(peer, tls))
                return;
            await serve(peer);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            if (!peer.IsOverdue)
                counters.Add(InputError.Connection, peer.Address, e);
        }
        catch (Exception e) when (e is OperationCanceledException or Storage.StoreException)
        {
            // The end of the time for draining, or what could not be stored: counted where it happened. The sender keeps what it has no
            // answer for.
        }
        catch (Exception e)
        {
            // A fault of ours: it ends this connection, where people see it, and leaves the others alone.
            counters.Add(InputError.Internal, peer.Address, e);
        }
    }

    private async Task<bool> TrySecureAsync(StreamPeer peer, ServerTls security)
    {
        var secure = new SslStream(peer.Stream, leaveInnerStreamOpen: false);
        try
        {
            using var patience = new CancellationTokenSource(StreamLimits.HandshakeTimeout, time);
            await secure.AuthenticateAsServerAsync(security.Current(), patience.Token);
            peer.Stream = secure;
            return true;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException
            or System.Security.Cryptography.CryptographicException or System.ComponentModel.Win32Exception)
        {
            counters.Add(InputError.Tls, peer.Address, e);
            await secure.DisposeAsync();
            return false;
        }
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(s_lookInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                foreach (StreamPeer peer in _peers.Keys)
                {
                    if (peer.CloseIfOverdue(limits.IdleTimeout, StreamLimits.MessageTimeout))
                        counters.Add(InputError.Timeout);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It stops; draining has its own limit.
        }
    }

    private void CloseAll(Action<StreamPeer> close)
    {
        foreach (StreamPeer peer in _peers.Keys)
            close(peer);
    }
}
