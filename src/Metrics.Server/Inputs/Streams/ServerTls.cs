using System.Net.Security;
using Metrics.Configuration;

namespace Metrics.Inputs.Streams;

/// <summary>
/// The server's side of TLS: our certificate, and where <c>ca_file</c> is given the demand for one of theirs. Files are read again when
/// they have changed, so that a renewed certificate needs no reload. Safe for use by several threads.
/// </summary>
internal sealed class ServerTls(TlsOptions options)
{
    private readonly Lock _lock = new();
    private SslServerAuthenticationOptions? _current;
    private (string Certificate, string Key, string Authority) _read;

    /// <summary>Options for the next handshake.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds something else.</exception>
    public SslServerAuthenticationOptions Current()
    {
        lock (_lock)
        {
            var files = (FileState.Of(options.CertFile), FileState.Of(options.KeyFile), FileState.Of(options.CaFile));
            if (_current is not null && files == _read)
                return _current;
            _current = ServerHandshake.Read(options.CertFile!, options.KeyFile, options.CaFile);
            _read = files;
            return _current;
        }
    }
}
