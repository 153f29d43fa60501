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
    /// <summary>Why a file that is there could not be opened. To be asked only while this process has it not open.</summary>
    /// <remarks>
    /// DuckDB locks its file whole, and so do we for a moment: fcntl(2). The trap is that closing a file gives up all such locks of this
    /// process on it, also those of an open DuckDB.
    /// </remarks>
    public static FileObstacle ObstacleOf(string path)
    {
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
