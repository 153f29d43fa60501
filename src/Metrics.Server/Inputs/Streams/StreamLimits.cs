namespace Metrics.Inputs.Streams;

/// <summary>What those who connect may take of us.</summary>
/// <param name="MaxConnections">Connections at one time.</param>
/// <param name="IdleTimeout">How long nothing may come on one.</param>
internal sealed record StreamLimits(int MaxConnections, TimeSpan IdleTimeout)
{
    /// <summary>How long a message may take from its first byte to its last.</summary>
    public static readonly TimeSpan MessageTimeout = TimeSpan.FromMinutes(1);

    /// <summary>How long a handshake may take.</summary>
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Connections of one address, so that no sender locks the others out: half of all.</summary>
    public int MaxConnectionsOfOne => Math.Max(1, MaxConnections / 2);
}
