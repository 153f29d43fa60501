using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>The daemons that watch over interfaces, where they tell of a cable.</summary>
/// <remarks>
/// <code>
/// eth0: Gained carrier                                                        systemd-networkd
/// &lt;info&gt;  [1795680000.1234] device (eth0): carrier: link connected           NetworkManager
/// </code>
/// </remarks>
public static class NetworkMessages
{
    /// <summary>The program <c>systemd-networkd</c>.</summary>
    public static LogMessageFormat Networkd { get; } = new("networkd", TryReadNetworkd, "systemd-networkd");

    /// <summary>The program <c>NetworkManager</c>.</summary>
    public static LogMessageFormat NetworkManager { get; } = new("networkmanager", TryReadNetworkManager, "NetworkManager");

    private static bool TryReadNetworkd(ReadOnlySpan<byte> text, LogRecord record)
    {
        return text.TryTakeUntil(": "u8, out ReadOnlySpan<byte> name) && !name.Contains((byte)' ')
            && TrySet(record, name, text.SequenceEqual("Gained carrier"u8), text.SequenceEqual("Lost carrier"u8));
    }

    private static bool TryReadNetworkManager(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil("device ("u8, out _) || !text.TryTakeUntil("): "u8, out ReadOnlySpan<byte> name))
            return false;
        text.TryTake("carrier: "u8);
        return TrySet(record, name, text.SequenceEqual("link connected"u8), text.SequenceEqual("link disconnected"u8));
    }

    private static bool TrySet(LogRecord record, ReadOnlySpan<byte> name, bool isUp, bool isDown)
    {
        if (!isUp && !isDown)
            return false;
        record.Kind = EventKinds.NetworkLink;
        record.Set(EventFields.Interface, name);
        record.Set(EventFields.Action, isUp ? "up" : "down");
        return true;
    }
}
