using System.Security.Cryptography;

namespace Metrics.Inputs.Logs;

/// <summary>The first bytes of a file, as a digest: a copy of it, packed or not, begins alike, and another file nearly never.</summary>
/// <param name="Length">How many bytes.</param>
/// <param name="Digest">Their SHA-256, the first half in hexadecimal.</param>
internal readonly record struct FileStart(int Length, string Digest)
{
    /// <summary>Bytes that are looked at; of a shorter file all.</summary>
    public const int MaxLength = 1024;

    /// <summary>Bytes by which a file is told from others: logs of one kind may begin with the same short line.</summary>
    public const int MinLength = 48;

    /// <summary>Of a file without bytes.</summary>
    public static FileStart Empty { get; } = new(0, "");

    /// <summary>Whether it says enough to know a file by it alone.</summary>
    public bool IsTelling => Length >= MinLength;

    /// <summary>Of bytes at the start of a file.</summary>
    public static FileStart Of(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> start = bytes[..Math.Min(bytes.Length, MaxLength)];
        return start.IsEmpty ? Empty : new FileStart(start.Length, Convert.ToHexStringLower(SHA256.HashData(start))[..32]);
    }

    /// <summary>Whether a file with these first bytes is a copy of it, as far as they say.</summary>
    public bool IsKnownIn(ReadOnlySpan<byte> head) => Fits(head) && (IsTelling || Length == head.Length);

    /// <summary>Whether a file that begins with these bytes began so, too.</summary>
    public bool Fits(ReadOnlySpan<byte> bytes) => Length == 0 || (bytes.Length >= Length && Of(bytes[..Length]) == this);
}
