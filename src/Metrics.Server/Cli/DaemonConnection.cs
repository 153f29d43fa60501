using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Metrics.Access;
using Metrics.Configuration;

namespace Metrics.Cli;

/// <summary>How the daemon is reached: by TCP, by TLS or by a unix socket.</summary>
/// <param name="Tls">What <c>--ca-file</c>, <c>--cert-file</c> and <c>--key-file</c> say.</param>
/// <param name="CertFile">The certificate of the daemon that the configuration describes; null of others.</param>
internal sealed record DaemonConnection(TlsOptions Tls, string? CertFile)
{
    /// <summary>By the system's authorities.</summary>
    public static readonly DaemonConnection Plain = new(TlsOptions.None, null);

    /// <summary>Makes a client.</summary>
    /// <param name="url">Where the daemon is.</param>
    /// <param name="timeout">Longest time of a request.</param>
    /// <exception cref="CommandException">A file holds no certificate.</exception>
    public HttpClient CreateClient(string url, TimeSpan timeout)
    {
        string? socket = ListenAddress.SocketPathOf(url);
        var settings = new HttpSettings
        {
            Tls = Tls, Proxy = socket is null ? ProxyOptions.Environment : ProxyOptions.None, FollowRedirects = true,
        };
        try
        {
            return settings.CreateClient(timeout, handler => Connect(handler, socket));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Misuse, $"--ca-file, --cert-file or --key-file cannot be used: {e.Message}");
        }
    }

    private void Connect(SocketsHttpHandler handler, string? socket)
    {
        if (socket is not null)
            handler.ConnectCallback = (_, cancel) => ConnectAsync(socket, cancel);
        else if (CertFile is not null && Tls.CaFile is null)
            Know(handler.SslOptions, CertFile);
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The certificate of our own daemon is known by its file: it need not bear the name of a loopback address.</summary>
    private static void Know(SslClientAuthenticationOptions options, string file) =>
        options.RemoteCertificateValidationCallback = (_, shown, _, errors) =>
        {
            if (errors == SslPolicyErrors.None || shown is null)
                return errors == SslPolicyErrors.None;
            try
            {
                using X509Certificate2 own = X509CertificateLoader.LoadCertificateFromFile(file);
                return own.RawDataMemory.Span.SequenceEqual(shown.GetRawCertData());
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                return false;
            }
        };
}
