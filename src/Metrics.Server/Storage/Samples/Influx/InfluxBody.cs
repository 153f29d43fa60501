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

    /// <summary>Undoes <see cref="Pack"/>, whatever was wanted when it was packed.</summary>
    public static byte[] Unpack(byte[] packed)
    {
        if (packed is not [0x1f, 0x8b, ..])
            return packed;
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
