using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Metrics.Access;
using Metrics.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace Metrics.Hosting;

/// <summary>Opens what API and pages are listened on: an address, plain or by TLS, or a unix socket.</summary>
internal static class Listener
{
    /// <summary>For its owner, and the group that a proxy is in.</summary>
    private const UnixFileMode SocketMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private static readonly TimeSpan s_handshake = TimeSpan.FromSeconds(10);

    /// <summary>Starts the daemon, listening where the configuration says.</summary>
    /// <exception cref="IOException">It cannot be listened there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be listened there.</exception>
    public static async Task StartListeningAsync(this WebApplication app, ListenAddress listen)
    {
        KestrelServerOptions kestrel = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value;
        if (listen.SocketPath is { } path)
        {
            RemoveStale(path);
            kestrel.ListenUnixSocket(path);
        }
        else
        {
            int port = int.Parse(listen.PortText, System.Globalization.CultureInfo.InvariantCulture);
            if (IPAddress.TryParse(listen.Host, out IPAddress? address))
                kestrel.Listen(address, port, o => Secure(o, listen, app.Services));
            else
                kestrel.ListenLocalhost(port, o => Secure(o, listen, app.Services));
        }
        await app.StartAsync();
        if (listen.SocketPath is { } socket && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(socket, SocketMode);
    }

    private static void Secure(ListenOptions listener, ListenAddress listen, IServiceProvider services)
    {
        if (listen.Tls is not { } tls)
            return;
        ListenerCertificate certificate = ActivatorUtilities.CreateInstance<ListenerCertificate>(services, listen, tls);
        listener.Use(next => connection => PlainHttpAnswer.GuardAsync(connection, next));
        listener.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = s_handshake,
            OnConnection = _ => ValueTask.FromResult(certificate.Current()),
        });
    }

    /// <summary>
    /// A process that was killed leaves the file of its socket behind; one that lives has somebody who listens. A socket is no directory,
    /// and nothing that can be opened (ENXIO).
    /// </summary>
    private static void RemoveStale(string path)
    {
        if (!File.Exists(path))
            return;
        if (File.ResolveLinkTarget(path, true) is not null || TextFile.CanBeOpened(path))
            throw new IOException("there is a file of that name, which is no socket");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        throw new IOException("somebody listens there already");
    }
}
