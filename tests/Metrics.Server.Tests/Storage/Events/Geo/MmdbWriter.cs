using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Metrics.Tests.Storage.Events.Geo;

/// <summary>Writes a small database in MaxMind's format: records of 24 bits, IPv6, addresses of IPv4 under <c>::/96</c>.</summary>
/// <remarks>https://maxmind.github.io/MaxMind-DB/</remarks>
internal static class MmdbWriter
{
    private const byte Text = 2, Double = 3, UInt16 = 5, UInt32 = 6, Map = 7;

    /// <summary>The bytes of a database of networks and the country of each, and where in it where that is given.</summary>
    public static byte[] Write(
        string type, params IReadOnlyList<(string Network, string Country, (double North, double East)? Location)> networks) =>
        Write(type, null, networks);

    /// <summary>The same, of which all may be so far from their places, kilometres.</summary>
    public static byte[] Write(
        string type, int? radius, IReadOnlyList<(string Network, string Country, (double North, double East)? Location)> networks)
    {
        var nodes = new List<int[]> { NewNode() };
        using var data = new MemoryStream();
        foreach ((string network, string country, (double, double)? location) in networks)
        {
            // Leaves are negative, so that they are told from nodes.
            int leaf = -1 - (int)data.Position;
            WriteRecord(data, country, location, radius);
            Insert(nodes, IPNetwork.Parse(network), leaf);
        }
        using var file = new MemoryStream();
        foreach (int[] node in nodes)
        {
            foreach (int record in node)
            {
                int value = record >= 0 ? record : record == int.MinValue ? nodes.Count : nodes.Count + 16 - 1 - record;
                file.Write([(byte)(value >> 16), (byte)(value >> 8), (byte)value]);
            }
        }
        file.Write(new byte[16]);
        data.WriteTo(file);
        file.Write([0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8]);
        WriteMetadata(file, type, nodes.Count);
        return file.ToArray();
    }

    private static int[] NewNode() => [int.MinValue, int.MinValue];

    private static void Insert(List<int[]> nodes, IPNetwork network, int leaf)
    {
        byte[] address = network.BaseAddress.GetAddressBytes();
        byte[] bytes = address.Length == 4 ? [.. new byte[12], .. address] : address;
        int length = network.PrefixLength + (address.Length == 4 ? 96 : 0);
        int at = 0;
        for (int bit = 0; bit < length; bit++)
        {
            int side = (bytes[bit / 8] >> (7 - (bit % 8))) & 1;
            if (bit == length - 1)
            {
                nodes[at][side] = leaf;
                return;
            }
            if (nodes[at][side] < 0)
            {
                nodes[at][side] = nodes.Count;
                nodes.Add(NewNode());
            }
            at = nodes[at][side];
        }
    }

    private static void WriteRecord(Stream to, string country, (double North, double East)? location, int? radius)
    {
        Head(to, Map, location is null ? 1 : 2);
        String(to, "country");
        Head(to, Map, 1);
        String(to, "iso_code");
        String(to, country);
        if (location is not { } place)
            return;
        String(to, "location");
        Head(to, Map, radius is null ? 2 : 3);
        if (radius is { } kilometres)
        {
            String(to, "accuracy_radius");
            Number(to, UInt16, 2, kilometres);
        }
        String(to, "latitude");
        Number(to, place.North);
        String(to, "longitude");
        Number(to, place.East);
    }

    private static void WriteMetadata(Stream to, string type, int nodes)
    {
        Head(to, Map, 9);
        String(to, "binary_format_major_version");
        Number(to, UInt16, 2, 2);
        String(to, "binary_format_minor_version");
        Number(to, UInt16, 2, 0);
        String(to, "build_epoch");
        // Of 64 bits: an extended type.
        to.Write([8, 2]);
        to.Write(Big(1_790_000_000, 8));
        String(to, "database_type");
        String(to, type);
        String(to, "description");
        Head(to, Map, 0);
        String(to, "ip_version");
        Number(to, UInt16, 2, 6);
        String(to, "languages");
        // An empty array: extended too.
        to.Write([0, 4]);
        String(to, "node_count");
        Number(to, UInt32, 4, nodes);
        String(to, "record_size");
        Number(to, UInt16, 2, 24);
    }

    private static void Head(Stream to, byte type, int size) => to.WriteByte((byte)((type << 5) | size));

    private static void String(Stream to, string text)
    {
        if (text.Length < 29)
            Head(to, Text, text.Length);
        else
            to.Write([(Text << 5) | 29, (byte)(text.Length - 29)]);
        to.Write(Encoding.UTF8.GetBytes(text));
    }

    private static void Number(Stream to, double value)
    {
        Head(to, Double, 8);
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        to.Write(bytes);
    }

    private static void Number(Stream to, byte type, int size, int value)
    {
        Head(to, type, size);
        to.Write(Big(value, size));
    }

    private static byte[] Big(long value, int size)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes[^size..];
    }
}
