using System.IO.Enumeration;
using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>
/// Finds files by a pattern: <c>*</c> and <c>?</c> stand within the name of a file or folder, <c>**</c> for any number of folders. Names
/// that begin with a dot are found only where the pattern says the dot, and links to folders only by name: they may lead in circles.
/// </summary>
internal static class PathPattern
{
    private const string AnyDepth = "**";

    /// <summary>Whether a path, or a part of one, stands for others.</summary>
    public static bool IsPattern(string path) => path.AsSpan().ContainsAny('*', '?');

    /// <summary>The files that are there now; a file may come twice where <c>**</c> stands twice.</summary>
    /// <param name="pattern">The pattern: with a slash before it from the root on, else from the folder at hand on.</param>
    /// <param name="unreadable">Told of each folder that is there and cannot be read; null is nobody.</param>
    public static IEnumerable<string> Files(string pattern, Action<string, Exception>? unreadable = null)
    {
        var names = new List<string>();
        foreach (string name in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (name != AnyDepth || names.LastOrDefault() != AnyDepth)
                names.Add(name);
        }
        return names.Count == 0 ? [] : Expand(pattern.StartsWith('/') ? "/" : "", names.ToArray(), unreadable);
    }

    /// <summary>The files that are there now, in order; a folder that cannot be read is a problem.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="none">What is said where there are none.</param>
    /// <param name="problems">Added to.</param>
    public static IReadOnlyList<string> Files(string pattern, string none, List<Problem> problems)
    {
        int before = problems.Count;
        string[] files = [.. Files(pattern, (folder, e) => problems.Add(Unreadable(folder, e))).Order(StringComparer.Ordinal)];
        if (files.Length == 0 && problems.Count == before)
            problems.Add(new Problem(pattern, 0, 0, none));
        return files;
    }

    /// <summary>That a folder cannot be read.</summary>
    public static Problem Unreadable(string folder, Exception e) =>
        new(folder.Length == 0 ? "." : folder, 0, 0, $"cannot be read: {e.Message}");

    private static IEnumerable<string> Expand(string folder, ReadOnlyMemory<string> rest, Action<string, Exception>? unreadable)
    {
        string name = rest.Span[0];
        ReadOnlyMemory<string> behind = rest[1..];
        if (behind.IsEmpty && name != AnyDepth)
            return FilesOf(folder, name, unreadable);
        if (name == AnyDepth)
        {
            IEnumerable<string> here = behind.IsEmpty ? FilesOf(folder, "*", unreadable) : Expand(folder, behind, unreadable);
            return here.Concat(FoldersOf(folder, "*", unreadable).SelectMany(f => Expand(f, rest, unreadable)));
        }
        return IsPattern(name)
            ? FoldersOf(folder, name, unreadable).SelectMany(f => Expand(f, behind, unreadable))
            : Expand(Path.Combine(folder, name), behind, unreadable);
    }

    private static IEnumerable<string> FilesOf(string folder, string name, Action<string, Exception>? unreadable)
    {
        bool isPattern = IsPattern(name);
        if (!isPattern && File.Exists(Path.Combine(folder, name)))
            return [Path.Combine(folder, name)];
        // What is not there may stand in a folder that cannot be read.
        return isPattern || unreadable is not null
            ? Entries(folder, name, (ref FileSystemEntry e) => !e.IsDirectory, unreadable) : [];
    }

    private static string[] FoldersOf(string folder, string name, Action<string, Exception>? unreadable) => Entries(
        folder, name, (ref FileSystemEntry e) => e.IsDirectory && (e.Attributes & FileAttributes.ReparsePoint) == 0, unreadable);

    private static string[] Entries(
        string folder, string name, FileSystemEnumerable<string>.FindPredicate wanted, Action<string, Exception>? unreadable)
    {
        string there = folder.Length == 0 ? "." : folder;
        if (unreadable is null && !Directory.Exists(there))
            return [];
        try
        {
            var entries = new FileSystemEnumerable<string>(
                there, (ref FileSystemEntry e) => Path.Combine(folder, e.FileName.ToString()),
                new EnumerationOptions { IgnoreInaccessible = false, AttributesToSkip = 0 })
            {
                ShouldIncludePredicate = (ref FileSystemEntry e) => MatchesName(name, e.FileName) && wanted(ref e),
            };
            return [.. entries.Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            // There is none of that name, or it has gone meanwhile.
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            unreadable?.Invoke(folder, e);
            return [];
        }
    }

    private static bool MatchesName(string pattern, ReadOnlySpan<char> name) =>
        (name[0] != '.' || pattern[0] == '.') && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
