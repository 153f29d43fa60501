namespace Metrics.Cli;

/// <summary>A folder on its way, which has its name only when all of it is there.</summary>
/// <param name="path">The folder to make.</param>
internal sealed class PartialFolder(string path)
{
    /// <summary>Where it is until then.</summary>
    public string Path { get; } = path + ".partial";

    /// <summary>Whether neither it nor a part of it is there.</summary>
    /// <exception cref="CommandException">One is.</exception>
    public void MustBeNew()
    {
        if (System.IO.Path.Exists(path) || System.IO.Path.Exists(Path))
            throw new CommandException(ExitCode.Misuse, $"{path} or {Path} is there already; name a folder that is not");
    }

    /// <summary>Begins it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public void Begin() => Directory.CreateDirectory(Path);

    /// <summary>Makes a file in it, which is on the disk when that returns.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="write">Writes what is in it.</param>
    /// <exception cref="IOException">It is there already, or cannot be written.</exception>
    public static async Task WriteAsync(string file, Func<Stream, Task> write)
    {
        await using var written = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
        await write(written);
        written.Flush(flushToDisk: true);
    }

    /// <summary>Gives it its name.</summary>
    /// <exception cref="IOException">It cannot have it.</exception>
    public void Finish() => Directory.Move(Path, path);

    /// <summary>Takes away what there is of one that failed.</summary>
    public void Discard()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, true);
    }
}
