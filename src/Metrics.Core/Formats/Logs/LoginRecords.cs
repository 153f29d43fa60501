using System.Net;
using Metrics.Model;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Metrics.Formats.Logs;

/// <summary>
/// <c>wtmp</c>, <c>btmp</c> and <c>utmp</c>: records of one length, in the byte order of little-endian machines. Not a log of lines:
/// whoever has the file gives whole records.
/// </summary>
/// <remarks>
/// <code>
///   0 type i16 · 4 pid i32 · 8 line 32 bytes · 40 id 4 · 44 user 32 · 76 host 256 · 332 exit 2 · i16
/// x86-64: 384 bytes    336 session i32 · 340 seconds i32 · 344 microseconds i32 · 348 address 16 · 364 unused 20
/// aarch64: 400 bytes   336 session i64 · 344 seconds i64 · 352 microseconds i64 · 360 address 16 · 376 unused 20
/// </code>
/// utmp(5) · https://sourceware.org/git/?p=glibc.git;a=blob;f=bits/utmp.h
/// </remarks>
public static class LoginRecords
{
    /// <summary>Length of a record on x86-64, and wherever 32-bit programs share the file.</summary>
    public const int Length = 384;

    /// <summary>Length of a record on aarch64.</summary>
    public const int WideLength = 400;

    /// <summary>Reads one record.</summary>
    /// <param name="entry">Its bytes: <see cref="Length"/> or <see cref="WideLength"/>, which says what it is.</param>
    /// <param name="isFailures">Whether it is from btmp, where all of them are failures.</param>
    /// <param name="record">Gets what it says; empty before.</param>
    /// <returns>Whether it is a record: some type, and a time that is one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> entry, bool isFailures, LogRecord record)
    {
        bool isWide = entry.Length == WideLength;
        if (!isWide && entry.Length != Length)
            return false;
        long seconds = isWide ? ReadInt64LittleEndian(entry[344..]) : ReadUInt32LittleEndian(entry[340..]);
        long micros = isWide ? ReadInt64LittleEndian(entry[352..]) : ReadInt32LittleEndian(entry[344..]);
        if (seconds is <= 0 or > uint.MaxValue || micros is < 0 or >= 1_000_000)
            return false;
        scoped LoginEntry login = new()
        {
            Type = (LoginType)ReadInt16LittleEndian(entry),
            Time = (seconds * 1_000_000_000) + (micros * 1000),
            ProcessId = ReadInt32LittleEndian(entry[4..]),
            Line = Text(entry.Slice(8, 32)),
            User = Text(entry.Slice(44, 32)),
            Host = Text(entry.Slice(76, 256)),
        };
        ReadOnlySpan<byte> address = entry.Slice(isWide ? 360 : 348, 16);
        Span<byte> text = stackalloc byte[64];
        if (address.ContainsAnyExcept((byte)0))
        {
            // The older version fills the first four bytes.
            var ip = new IPAddress(address[4..].ContainsAnyExcept((byte)0) ? address : address[..4]);
            ip.TryFormat(text, out int length);
            login.Address = text[..length];
        }
        return login.CopyTo(record, isFailures);
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }
}

/// <summary>What a record is about (utmp(5)).</summary>
internal enum LoginType : short
{
    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>The runlevel has changed; the user is <c>runlevel</c>, or <c>shutdown</c>.</summary>
    RunLevel,

    /// <summary>The machine was started.</summary>
    Boot,

    /// <summary>The clock is set.</summary>
    NewTime,

    /// <summary>The clock was set.</summary>
    OldTime,

    /// <summary>init has started a process.</summary>
    Init,

    /// <summary>A terminal waits for a login; in btmp one has failed.</summary>
    Login,

    /// <summary>Somebody is in.</summary>
    User,

    /// <summary>A process has ended.</summary>
    Dead,
}

/// <summary>One record, from the file or from the text that <c>utmpdump</c> makes of it.</summary>
internal ref struct LoginEntry
{
    /// <summary>What it is about.</summary>
    public LoginType Type;

    /// <summary>Nanoseconds since 1970 UTC.</summary>
    public long Time;

    /// <summary>The process.</summary>
    public int ProcessId;

    /// <summary>The terminal.</summary>
    public ReadOnlySpan<byte> Line;

    /// <summary>Who.</summary>
    public ReadOnlySpan<byte> User;

    /// <summary>From which host, or which kernel was started.</summary>
    public ReadOnlySpan<byte> Host;

    /// <summary>From which address.</summary>
    public ReadOnlySpan<byte> Address;

    /// <summary>Sets kind and fields.</summary>
    public readonly bool CopyTo(LogRecord record, bool isFailures)
    {
        record.Time = Time;
        record.Set(EventFields.Dataset, isFailures ? "btmp" : "wtmp");
        switch (Type)
        {
            // A getty that waits for somebody is called LOGIN, and is here; sshd and login write failures as this type too.
            case LoginType.Login when !isFailures && Host.IsEmpty && (User.IsEmpty || User.SequenceEqual("LOGIN"u8)):
            case LoginType.NewTime or LoginType.OldTime or LoginType.Init:
                break;
            case LoginType.Login:
                record.SetKind(EventKinds.HostLogin, succeeded: false);
                SetWho(record);
                break;
            case LoginType.User:
                record.SetKind(EventKinds.HostLogin, succeeded: !isFailures);
                SetWho(record);
                break;
            case LoginType.Dead:
                record.Kind = EventKinds.HostLogout;
                SetWho(record);
                break;
            case LoginType.Boot:
                record.Kind = EventKinds.HostReboot;
                record.Set(EventFields.Action, "boot");
                break;
            case LoginType.RunLevel:
                if (!User.SequenceEqual("shutdown"u8))
                    break;
                record.Kind = EventKinds.HostReboot;
                record.Set(EventFields.Action, "shutdown");
                break;
            default:
                return false;
        }
        if (ProcessId > 0)
            record.Set(EventFields.ProcessId, ProcessId);
        return true;
    }

    private readonly void SetWho(LogRecord record)
    {
        // login does not write a name that it does not know, for it is often a password.
        if (!User.SequenceEqual("UNKNOWN"u8))
            record.Set(EventFields.UserName, User);
        record.Set(EventFields.Terminal, Line);
        if (!Address.IsEmpty)
            record.SetSource(Address);
        if (!LogText.IsAddress(Host))
            record.Set(EventFields.SourceDomain, Host);
        else if (Address.IsEmpty)
            record.SetSource(Host);
    }
}
