using System.Globalization;
using Metrics.Configuration;

namespace Metrics.Pollers.Host;

/// <summary>Reads the small files of <c>/proc</c> and <c>/sys</c>; the roots can be moved, for containers and tests.</summary>
internal sealed class HostFiles(string proc, string sys, string root)
{
    public HostFiles(HostSection options)
        : this(options.ProcPath, options.SysPath, options.RootPath)
    {
    }

    public string Proc(string path) => Path.Combine(proc, path);

    public string Sys(string path) => Path.Combine(sys, path);

    public string Root(string path) => Path.Combine(root, path.TrimStart('/'));

    /// <summary>Lines of a file that must be there.</summary>
    /// <exception cref="IOException">It is not.</exception>
    public static string[] Lines(string path) => File.ReadAllLines(path);

    /// <summary>Lines of a file, or none when it is not there.</summary>
    public static string[] LinesIfAny(string path) => TryText(path)?.Split('\n') ?? [];

    /// <summary>
    /// A file's text without blanks around it; null when it is not there, or the kernel cannot tell (many attributes answer EINVAL).
    /// </summary>
    public static string? TryText(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A file's number, or null.</summary>
    public static double? TryNumber(string path) => TryText(path) is { } text ? Number(text) : null;

    /// <summary>A decimal or 0x-hexadecimal number, or null.</summary>
    public static double? Number(string text)
    {
        if (text.StartsWith("0x", StringComparison.Ordinal))
            return long.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long hex) ? hex : null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;
    }

    /// <summary>A number that must be one.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static double Required(string text, string where) =>
        Number(text) ?? throw new FormatException($"{where}: '{text}' is not a number");

    /// <summary>Names of the entries of a folder that begin with a prefix, in order; none when there is no such folder.</summary>
    public static IEnumerable<string> Entries(string folder, string prefix = "")
    {
        try
        {
            return Directory.Exists(folder)
                ? Directory.EnumerateFileSystemEntries(folder, prefix + "*").Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal)
                    .ToList()
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Words of a line, split at blanks.</summary>
    public static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
