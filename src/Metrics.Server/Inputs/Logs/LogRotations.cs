using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Metrics.Inputs.Logs;

/// <summary>Finds what has become of a file under another name: moved, copied or packed, as logrotate does.</summary>
internal static class LogRotations
{
    private const string Packed = ".gz";

    private static readonly SearchValues<char> s_ofNumbers = SearchValues.Create("0123456789-_:T");

    /// <summary>Finds a file beside the old one that begins as it did and is at least as long as what was read of it.</summary>
    /// <param name="position">What was read.</param>
    /// <returns>Where to go on, with the bytes opened; null where no such file is.</returns>
    public static (FilePosition Position, ILogBytes Bytes)? Find(FilePosition position)
    {
        if (position.Start.Length == 0)
            return null;
        foreach (string path in Siblings(position.Path))
        {
            // A short start tells nothing by itself.
            if ((position.Start.IsTelling || IsRotation(position.Path, path)) && TryOpen(path, position) is { } found)
                return found;
        }
        return null;
    }

    /// <summary>
    /// The files beside one that are named as logrotate names what it rotates, the oldest first: <c>a.log.1</c>, <c>a.log-20261126.gz</c>,
    /// <c>a-20261126.log</c>.
    /// </summary>
    public static IReadOnlyList<string> Of(string path) =>
        [.. Siblings(path).Where(p => IsRotation(path, p)).OrderBy(p => FileStat.TryOf(p, out FileStat stat) ? stat.Modified : 0)];

    /// <summary>Whether a name looks like that of a file's own rotation, or of a file from which this one was rotated.</summary>
    public static bool AreOfOneLog(string one, string other) =>
        Path.GetDirectoryName(one) == Path.GetDirectoryName(other) && Stem(one) == Stem(other);

    /// <summary>Reads the first bytes of a file.</summary>
    public static byte[] Head(ILogBytes bytes)
    {
        byte[] head = new byte[FileStart.MaxLength];
        int length = 0;
        for (int read = -1; read != 0 && length < head.Length; length += read)
            read = bytes.Read(length, head.AsSpan(length));
        return head[..length];
    }

    private static IEnumerable<string> Siblings(string path)
    {
        string? folder = Path.GetDirectoryName(path);
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, Stem(path) + "*").Where(p => p != path && Stem(p) == Stem(path))
                .Order(StringComparer.Ordinal)
            : [];
    }

    private static bool IsRotation(string path, string other)
    {
        string name = Path.GetFileName(path), ending = Path.GetExtension(name);
        string found = Path.GetFileName(other);
        if (found.EndsWith(Packed, StringComparison.Ordinal))
            found = found[..^Packed.Length];
        if (found.StartsWith(name, StringComparison.Ordinal))
            return IsNumberOrDate(found.AsSpan(name.Length));
        ReadOnlySpan<char> start = name.AsSpan(0, name.Length - ending.Length);
        return ending.Length > 0 && found.EndsWith(ending, StringComparison.Ordinal) && found.StartsWith(start, StringComparison.Ordinal)
            && IsNumberOrDate(found.AsSpan(start.Length, found.Length - start.Length - ending.Length));
    }

    private static bool IsNumberOrDate(ReadOnlySpan<char> text) =>
        text.Length > 1 && text[0] is '.' or '-' or '_' && char.IsAsciiDigit(text[1]) && !text[1..].ContainsAnyExcept(s_ofNumbers);

    private static (FilePosition, ILogBytes)? TryOpen(string path, FilePosition position)
    {
        ILogBytes? bytes = null;
        try
        {
            if (!FileStat.TryOf(path, out FileStat stat) || !stat.IsRegular)
                return null;
            bytes = Open(path);
            bool fits = position.Start.Fits(Head(bytes));
            bool isPacked = path.EndsWith(Packed, StringComparison.Ordinal);
            if (!fits || (!isPacked && stat.Size < position.Offset))
                return null;
            ILogBytes found = isPacked ? Reopen(ref bytes, path) : bytes;
            bytes = null;
            return (position with { Path = path, Device = stat.Device, Inode = stat.Inode }, found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
        finally
        {
            bytes?.Dispose();
        }
    }

    /// <summary>What is packed is read forward only.</summary>
    private static ILogBytes Reopen(ref ILogBytes? bytes, string path)
    {
        bytes?.Dispose();
        bytes = null;
        return Open(path);
    }

    /// <summary>Opens a file, packed or not, for reading beside those who write it, move it or delete it.</summary>
    public static ILogBytes Open(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return path.EndsWith(Packed, StringComparison.Ordinal) ? new PackedBytes(file) : new PlainBytes(file);
    }

    /// <summary>What the names of a log's rotations have in common: what stands before the first dot, or before a date.</summary>
    private static string Stem(string path)
    {
        string name = Path.GetFileName(path);
        int dot = name.IndexOf('.', Math.Min(1, name.Length));
        string stem = dot < 0 ? name : name[..dot];
        int date = stem.Length;
        while (date > 0 && (char.IsAsciiDigit(stem[date - 1]) || stem[date - 1] is '-' or '_'))
            date--;
        return date == 0 ? stem : stem[..date];
    }
}
