using System.Numerics;

namespace Metrics.Storage.Spool;

/// <summary>The CRC-32C (Castagnoli) checksum, by the processor's own instruction where it has one.</summary>
/// <remarks>RFC 3720, appendix B.4.</remarks>
internal static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= 8; data = data[8..])
            crc = BitOperations.Crc32C(crc, System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte b in data)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
