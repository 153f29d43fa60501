using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>What drivers, bonding and IPv6 say of a link; each driver in its own words.</summary>
/// <remarks>
/// <code>
/// ixgbe 0000:01:00.0 eth0: NIC Link is Up 10 Gbps     tg3 0000:02:00.0: eth0: Link is down
/// r8169: eth0: link up                                mlx5_core 0000:03:00.0 ens1f0: Link down
/// IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready
/// bond0: link status definitely down for interface eth1, disabling it
/// </code>
/// What stands before must look like an interface: disks (<c>SATA link up</c>), slots and fibre channel speak of links too.
/// </remarks>
internal static class LinkText
{
    /// <summary>Longest name of an interface (IFNAMSIZ).</summary>
    private const int MaxNameLength = 15;

    /// <summary>Reads a text of the kernel.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        int at = text.IndexOf("ink "u8);
        if (at < 2 || text[at - 1] is not ((byte)'l' or (byte)'L'))
            return false;
        ReadOnlySpan<byte> behind = text[(at + 4)..];
        bool isUp = behind.TryTake("becomes ready"u8);
        if (!isUp)
        {
            if (!behind.TryTake("is "u8))
                behind.TryTake("status definitely "u8);
            isUp = behind.TryTake("up"u8) || behind.TryTake("Up"u8) || behind.TryTake("UP"u8);
            if (!isUp && !behind.TryTake("down"u8) && !behind.TryTake("Down"u8) && !behind.TryTake("DOWN"u8))
                return false;
        }
        if (!behind.IsEmpty && char.IsAsciiLetterOrDigit((char)behind[0]))
            return false;
        ReadOnlySpan<byte> name = behind.TryTake(" for interface "u8) ? behind.TakeWord().TrimEnd(",."u8) : NameBefore(text[..(at - 1)]);
        if (!IsInterface(name))
            return false;
        record.Kind = EventKinds.NetworkLink;
        record.Set(EventFields.Interface, name);
        record.Set(EventFields.Action, isUp ? "up" : "down");
        return true;
    }

    /// <summary>The last word: <c>eth0: NIC </c>, <c>eth0: </c>, <c>bond0: (slave eth1): </c>.</summary>
    private static ReadOnlySpan<byte> NameBefore(ReadOnlySpan<byte> before)
    {
        before = before.TrimEnd((byte)' ');
        if (before.EndsWith(" NIC"u8))
            before = before[..^4];
        before = before.TrimEnd("): "u8);
        return before[(before.LastIndexOf((byte)' ') + 1)..];
    }

    private static bool IsInterface(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > MaxNameLength || !char.IsAsciiLetter((char)name[0]) || name.SequenceEqual("SATA"u8))
            return false;
        foreach (byte c in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'.' or (byte)'-' or (byte)'_' or (byte)'@'))
                return false;
        }
        return true;
    }
}
