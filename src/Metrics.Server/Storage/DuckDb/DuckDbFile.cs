using System.Globalization;
using DuckDB.NET.Data;

namespace Metrics.Storage.DuckDb;

/// <summary>Why a DuckDB file cannot be opened, which DuckDB says only in words.</summary>
internal enum FileObstacle
{
    /// <summary>Neither of the others: what is in it, or the disk.</summary>
    Other,

    /// <summary>Another process has it open.</summary>
    InUse,

    /// <summary>We may not write it.</summary>
    Forbidden,
}

/// <summary>Looks at DuckDB files from outside.</summary>
internal static class DuckDbFile
{
    /// <summary>DuckDB has no codes for its faults; these are its words for a block, a length, a header that is wrong.</summary>
    private static readonly string[] s_damage =
        ["corrupt", "checksum", "could not read enough bytes", "not a valid duckdb", "invalidated", "internal error", "deserialize"];

    /// <summary>Why a file that is there could not be opened. To be asked only while this process has it not open.</summary>
    /// <remarks>
    /// DuckDB locks its file whole, and so do we for a moment: fcntl(2). The trap is that closing a file gives up all such locks of this
    /// process on it, also those of an open DuckDB.
    /// </remarks>
    public static FileObstacle ObstacleOf(string path)
    {
        if (Directory.Exists(path))
            return FileObstacle.Other;
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return FileObstacle.Forbidden;
        }
        using (file)
            return !OperatingSystem.IsLinux() || TryLock(file) ? FileObstacle.Other : FileObstacle.InUse;
    }

    /// <summary>
    /// Whether what DuckDB says is that the file is damaged: an open one may be opened anew, and set aside when it says so again.
    /// </summary>
    public static bool IsDamage(DuckDBException e) =>
        s_damage.Any(word => e.Message.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>Moves a file, with its log, out of the way.</summary>
    /// <returns>Where it is now.</returns>
    public static string SetAside(string path, TimeProvider time)
    {
        string aside = string.Create(CultureInfo.InvariantCulture, $"{path}.unreadable-{time.GetUtcNow():yyyyMMdd'T'HHmmss}");
        for (int i = 2; Path.Exists(aside); i++)
            aside = string.Create(CultureInfo.InvariantCulture, $"{path}.unreadable-{time.GetUtcNow():yyyyMMdd'T'HHmmss}-{i}");
        foreach (string part in (string[])["", ".wal"])
        {
            if (Directory.Exists(path + part))
                Directory.Move(path + part, aside + part);
            else if (File.Exists(path + part))
                File.Move(path + part, aside + part);
        }
        return aside;
    }

    /// <summary>Puts a file back that was removed or replaced while it was open.</summary>
    /// <param name="open">The connection that still has it.</param>
    /// <param name="path">Where it was.</param>
    /// <param name="close">Closes that connection.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Of the new file, as <c>ATTACH</c> takes them, or empty.</param>
    /// <returns>What was saved, for people.</returns>
    /// <exception cref="DuckDBException">There is no room for it; what is open stays open, for it alone has what is in it.</exception>
    public static string TryRestore(DuckDBConnection open, string path, Action close, TimeProvider time, string options = "")
    {
        string rewritten = path + ".new";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            DuckDbCopy.Write(open, rewritten, options);
        }
        catch (DuckDBException e) when (IsDamage(e))
        {
            close();
            SetAside(path, time);
            return $"a new one is begun, for it could not be copied: {e.Message.Split('\n')[0]}";
        }
        close();
        SetAside(path, time);
        File.Move(rewritten, path);
        return "it is put back with all that was in it";
    }

    /// <summary>The message for operators about a file that another process has.</summary>
    public static string InUse(string path) => $"{path} is in use by another process; only one metricsd can have a data folder.";

    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    private static bool TryLock(FileStream file)
    {
        try
        {
            file.Lock(0, long.MaxValue);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
