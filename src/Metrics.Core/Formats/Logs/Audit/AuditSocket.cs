using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using Metrics.Model;

namespace Metrics.Formats.Logs.Audit;

/// <summary>With whom a process speaks: the address that a record <c>SOCKADDR</c> gives of a connect or an accept.</summary>
/// <remarks>
/// <code>
/// type=SYSCALL … arch=c000003e syscall=42 success=no exit=-115 …
/// type=SOCKADDR … saddr=02000050C00002070000000000000000
/// </code>
/// struct sockaddr_in and sockaddr_in6 in hexadecimal; the numbers of system calls are those of the machine.
/// </remarks>
internal static class AuditSocket
{
    private const int V4Length = 8, V6Length = 24;

    /// <summary>Sets from where or to where.</summary>
    public static void Set(AuditValues values, LogRecord record)
    {
        ReadOnlySpan<byte> hex = values[AuditKey.Saddr];
        Span<byte> address = stackalloc byte[V6Length];
        if (IsIncoming(values) is not { } isIncoming || Decode(hex, address) is not (>= V4Length and var length))
            return;
        // The family is a number of the machine's own order, which is little-endian nearly everywhere; port and address are not.
        IPAddress? ip = (address[0], length) switch
        {
            (2, _) => new IPAddress(address[4..8]),
            (10, V6Length) => new IPAddress(address[8..24]),
            _ => null,
        };
        if (ip is null)
            return;
        Span<byte> text = stackalloc byte[64];
        (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).TryFormat(text, out int written);
        record.Set(isIncoming ? EventFields.SourceIp : EventFields.DestinationIp, text[..written]);
        record.Set(isIncoming ? EventFields.SourcePort : EventFields.DestinationPort, BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
    }

    /// <summary>Of accept the address is from where, of connect to where; others, such as bind, are no talk.</summary>
    private static bool? IsIncoming(AuditValues values)
    {
        ReadOnlySpan<byte> call = values[AuditKey.Syscall];
        if (values[AuditKey.Arch].SequenceEqual("c000003e"u8))
            return call.SequenceEqual("42"u8) ? false : call.SequenceEqual("43"u8) || call.SequenceEqual("288"u8) ? true : null;
        if (values[AuditKey.Arch].SequenceEqual("c00000b7"u8))
            return call.SequenceEqual("203"u8) ? false : call.SequenceEqual("202"u8) || call.SequenceEqual("242"u8) ? true : null;
        return null;
    }

    private static int Decode(ReadOnlySpan<byte> hex, Span<byte> bytes)
    {
        hex = hex[..Math.Min(hex.Length & ~1, 2 * bytes.Length)];
        return Convert.FromHexString(hex, bytes, out _, out int written) == OperationStatus.Done ? written : 0;
    }
}
