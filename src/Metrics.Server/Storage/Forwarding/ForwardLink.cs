using System.Security.Cryptography;

namespace Metrics.Storage.Forwarding;

/// <summary>What is known of the connection with the centre, for all that send there. Safe for use by several threads.</summary>
internal sealed class ForwardLink
{
    private volatile string? _closed = "it has not been asked yet";

    /// <summary>Names this run of the process, so that two machines of one name are noticed.</summary>
    public string Session { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>
    /// Why samples are held back: until the centre has said that this machine is who it says; null when they may go.
    /// </summary>
    public string? Closed => _closed;

    /// <summary>The centre knows us.</summary>
    public void Open() => _closed = null;

    /// <summary>The centre knows another one by our name.</summary>
    public void Close(string why) => _closed = why;
}
