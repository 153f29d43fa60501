using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Metrics.Storage;

/// <summary>
/// Who may read what lies in the data folder: nobody but the user that the daemon runs as. In it are the key that signs links, the texts of
/// messages and whatever was pushed.
/// </summary>
internal static partial class DataFolder
{
    private const UnixFileMode Others = (UnixFileMode)0b000_111_111;

    /// <summary>Names of what is ours in the folder; the folder itself is ours alone when nothing else is in it.</summary>
    private static readonly string[] s_ours = ["state.db", "metrics.duckdb", "events.duckdb", "spool", "tmp", "backup.json"];

    /// <summary>From now on this process makes files and folders that nobody else may read.</summary>
    public static void HideNewFiles()
    {
        if (!OperatingSystem.IsWindows())
            _ = SetUmask((uint)Others);
    }

    /// <summary>Takes from others what releases before, or somebody's hand, have left open to them.</summary>
    /// <returns>What was done, or could not be: sentences for the log.</returns>
    public static IReadOnlyList<string> Tighten(string folder)
    {
        if (OperatingSystem.IsWindows() || !Directory.Exists(folder))
            return [];
        string[] entries = Directory.GetFileSystemEntries(folder);
        string[] ours = [.. entries.Where(IsOurs)];
        var done = new List<string>();
        foreach (string path in ours.SelectMany(WithAllWithin))
            Tighten(path, done);
        if (ours.Length == entries.Length)
            Tighten(folder, done);
        else if ((File.GetUnixFileMode(folder) & Others) != 0)
            done.Add($"{folder} can be read by others; it holds more than our files, and stays as it is");
        return done;
    }

    private static bool IsOurs(string path) => s_ours.Any(name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal));

    private static IEnumerable<string> WithAllWithin(string path) => Directory.Exists(path)
        ? [path, .. Directory.EnumerateFileSystemEntries(path, "*", new EnumerationOptions
        {
            RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint,
        })]
        : [path];

    [UnsupportedOSPlatform("windows")]
    private static void Tighten(string path, List<string> done)
    {
        try
        {
            UnixFileMode mode = File.GetUnixFileMode(path);
            if ((mode & Others) == 0)
                return;
            File.SetUnixFileMode(path, mode & ~Others);
            done.Add($"{path} could be read by others; now it cannot");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            done.Add($"{path} can be read by others, and that cannot be changed: {e.Message}");
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetUmask(uint mask);
}
