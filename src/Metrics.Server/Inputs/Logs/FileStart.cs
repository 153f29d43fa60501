using System.Security.Cryptography;

namespace Metrics.Inputs.Logs;

/// <summary>The first bytes of a file, as a digest: a copy of it, packed or not, begins alike, and another file nearly never.</summary>
/// <param name="Length">How many bytes.</param>
/// <param name="Digest">Their SHA-256, the first half in hexadecimal.</param>
internal readonly record struct FileStart(int Length, string Digest)
{
    /// <summary>Bytes that are looked at; of a shorter file all.</summary>
    public const int MaxLength = 1024;

    /// <summary>Whether there was nothing to look at.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>Whether it is of a file that may have been longer; else it covers the whole file as it was.</summary>
    public bool IsFull => Length == MaxLength;

    /// <summary>Of bytes at the start of a file.</summary>
    public static FileStart Of(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> start = bytes[..Math.Min(bytes.Length, MaxLength)];
        return start.IsEmpty ? new FileStart(0, "") : new FileStart(start.Length, Convert.ToHexStringLower(SHA256.HashData(start))[..32]);
    }

    /// <summary>Whether a file that begins with these bytes began so, too; it may have grown since.</summary>
    public bool Fits(ReadOnlySpan<byte> head) => Length == 0 || (head.Length >= Length && Of(head[..Length]) == this);

    /// <summary>
    /// Whether a file with these first bytes is a copy: files of one log may begin with the same header, so that a short start tells only
    /// where there is no more.
    /// </summary>
    public bool IsCopiedIn(ReadOnlySpan<byte> head) => !IsEmpty && (IsFull || Length == head.Length) && Fits(head);
}
