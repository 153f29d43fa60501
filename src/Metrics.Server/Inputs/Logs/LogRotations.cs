using System.Buffers;

namespace Metrics.Inputs.Logs;

/// <summary>What logrotate makes of a log: files beside it, moved, copied or packed, with a number or a date in their names.</summary>
internal static class LogRotations
{
    private static readonly SearchValues<char> s_ofNumbers = SearchValues.Create("0123456789-_:T");

    private static readonly EnumerationOptions s_all = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>
    /// The files beside a log that are named as rotated from it, the oldest first: <c>a.log.1</c>, <c>a.log-20261126.gz</c>,
    /// <c>a-20261126.log</c>.
    /// </summary>
    public static IReadOnlyList<(string Path, FileStat Stat)> Of(string path) =>
        [
            .. FilesOf(Path.GetDirectoryName(path)!).Where(p => IsRotation(path, p)).Select(Look).Where(f => f.Stat.IsRegular)
                .OrderBy(f => f.Stat.Modified),
        ];

    /// <summary>The file in the folder of a log that has this number, whatever it is called; null where none has.</summary>
    public static (string Path, FileStat Stat)? Moved(FilePosition position)
    {
        foreach (string path in FilesOf(Path.GetDirectoryName(position.Log)!))
        {
            (_, FileStat stat) = Look(path);
            if (stat.IsRegular && stat.Inode == position.Inode && stat.Device == position.Device)
                return (path, stat);
        }
        return null;
    }

    /// <summary>Whether a file is named as rotated from a log.</summary>
    public static bool IsRotation(string log, string other)
    {
        string name = Path.GetFileName(log), ending = Path.GetExtension(name);
        string found = Path.GetFileName(other);
        if (Path.GetDirectoryName(log) != Path.GetDirectoryName(other))
            return false;
        if (found.EndsWith(LogBytes.Packed, StringComparison.Ordinal))
            found = found[..^LogBytes.Packed.Length];
        if (found.StartsWith(name, StringComparison.Ordinal))
            return IsNumberOrDate(found.AsSpan(name.Length));
        ReadOnlySpan<char> start = name.AsSpan(0, name.Length - ending.Length);
        return ending.Length > 0 && found.Length > name.Length && found.EndsWith(ending, StringComparison.Ordinal)
            && found.StartsWith(start, StringComparison.Ordinal)
            && IsNumberOrDate(found.AsSpan(start.Length, found.Length - start.Length - ending.Length));
    }

    private static bool IsNumberOrDate(ReadOnlySpan<char> text) =>
        text.Length > 1 && text[0] is '.' or '-' or '_' && char.IsAsciiDigit(text[1]) && !text[1..].ContainsAnyExcept(s_ofNumbers);

    private static (string Path, FileStat Stat) Look(string path) => (path, FileStat.TryOf(path, out FileStat stat) ? stat : default);

    private static List<string> FilesOf(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, "*", s_all)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder is gone, or may not be listed.
            return [];
        }
    }
}
