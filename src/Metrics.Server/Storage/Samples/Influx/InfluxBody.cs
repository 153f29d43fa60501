using System.IO.Compression;

namespace Metrics.Storage.Samples.Influx;

/// <summary>The body of a write, as it goes over the wire and into the spool.</summary>
internal static class InfluxBody
{
    /// <summary>Packs lines by gzip where that is wanted.</summary>
    public static byte[] Pack(ReadOnlySpan<byte> lines, bool gzip)
    {
        if (!gzip)
            return lines.ToArray();
        var packed = new MemoryStream(lines.Length / 4);
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            stream.Write(lines);
        return packed.ToArray();
    }

    /// <summary>Undoes <see cref="Pack"/>, whatever was wanted when they were packed; all of them in one.</summary>
    public static byte[] Unpack(IEnumerable<byte[]> bodies)
    {
        var plain = new MemoryStream();
        foreach (byte[] packed in bodies)
        {
            if (packed is not [0x1f, 0x8b, ..])
            {
                plain.Write(packed);
                continue;
            }
            using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            gzip.CopyTo(plain);
        }
        return plain.ToArray();
    }
}
