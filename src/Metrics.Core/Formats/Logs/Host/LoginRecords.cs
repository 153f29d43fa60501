using System.Net;
using System.Runtime.InteropServices;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Metrics.Formats.Logs.Host;

/// <summary>
/// <c>wtmp</c>, <c>btmp</c> and <c>utmp</c>: records of one length, in the byte order of little-endian machines. Not a log of lines:
/// whoever has the file gives whole records.
/// </summary>
/// <remarks>
/// <code>
///   0 type i16 · 4 pid i32 · 8 line 32 bytes · 40 id 4 · 44 user 32 · 76 host 256 · 332 exit 2 · i16
/// 384 bytes            336 session i32 · 340 seconds i32 · 344 microseconds i32 · 348 address 16 · 364 unused 20
/// 400 bytes            336 session i64 · 344 seconds i64 · 352 microseconds i64 · 360 address 16 · 376 unused 20
/// </code>
/// Which of them a machine has says glibc's <c>__WORDSIZE_TIME64_COMPAT32</c>: where it is 1, the short one.
/// utmp(5) · https://sourceware.org/git/?p=glibc.git;a=blob;f=bits/utmp.h
/// </remarks>
public static class LoginRecords
{
    /// <summary>Length of a record on x86-64, and wherever times have 32 bits in it.</summary>
    public const int Length = 384;

    /// <summary>Length of a record where times have 64 bits in it.</summary>
    public const int WideLength = 400;

    /// <summary>The format <c>utmp</c>.</summary>
    public static LogFormat Format { get; } = new(
        "utmp", (text, context, record) => TryRead(text, context.IsFailures, record),
        Binary: new BinaryLog(LengthOn(RuntimeInformation.ProcessArchitecture), LoginText.Of));

    /// <summary>Length of a record on machines of a kind.</summary>
    /// <param name="machine">The kind.</param>
    /// <remarks>s390x has its own <c>bits/utmp.h</c> with 64 bits, in another byte order.</remarks>
    public static int LengthOn(Architecture machine) =>
        machine is Architecture.Arm64 or Architecture.LoongArch64 or Architecture.S390x ? WideLength : Length;

    /// <summary>Reads one record.</summary>
    /// <param name="entry">Its bytes: <see cref="Length"/> or <see cref="WideLength"/>, which says what it is.</param>
    /// <param name="isFailures">Whether it is from btmp, where all of them are failures.</param>
    /// <param name="record">Gets what it says; empty before.</param>
    /// <returns>Whether it is a record: some type, and a time that is one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> entry, bool isFailures, LogRecord record)
    {
        Span<byte> address = stackalloc byte[64];
        return TryRead(entry, address, out LoginEntry login) && login.CopyTo(record, isFailures);
    }

    /// <summary>Reads one record into its parts.</summary>
    /// <param name="entry">Its bytes.</param>
    /// <param name="text">Room for the text of its address, 64 bytes.</param>
    /// <param name="login">The parts; they lie in the two.</param>
    internal static bool TryRead(ReadOnlySpan<byte> entry, Span<byte> text, out LoginEntry login)
    {
        login = default;
        bool isWide = entry.Length == WideLength;
        if (!isWide && entry.Length != Length)
            return false;
        long seconds = isWide ? ReadInt64LittleEndian(entry[344..]) : ReadUInt32LittleEndian(entry[340..]);
        long micros = isWide ? ReadInt64LittleEndian(entry[352..]) : ReadInt32LittleEndian(entry[344..]);
        if (seconds is <= 0 or > uint.MaxValue || micros is < 0 or >= 1_000_000)
            return false;
        login = new LoginEntry
        {
            Type = (LoginType)ReadInt16LittleEndian(entry),
            Time = (seconds * 1_000_000_000) + (micros * 1000),
            ProcessId = ReadInt32LittleEndian(entry[4..]),
            Line = Text(entry.Slice(8, 32)),
            Id = Text(entry.Slice(40, 4)),
            User = Text(entry.Slice(44, 32)),
            Host = Text(entry.Slice(76, 256)),
        };
        ReadOnlySpan<byte> address = entry.Slice(isWide ? 360 : 348, 16);
        if (address.ContainsAnyExcept((byte)0))
        {
            // The older version fills the first four bytes.
            var ip = new IPAddress(address[4..].ContainsAnyExcept((byte)0) ? address : address[..4]);
            ip.TryFormat(text, out int length);
            login.Address = text[..length];
        }
        return true;
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }
}
