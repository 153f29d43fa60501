using Metrics.Inputs.Logs;

namespace Metrics.Cli;

/// <summary>
/// A file on its way, which has its name only when all of it is there. One that was there before stays until then. What is there and is no
/// regular file, such as a pipe, a device or a link, is written to as it is.
/// </summary>
/// <param name="path">The file to make, a whole path.</param>
internal sealed class PartialFile(string path)
{
    /// <summary>Where it is until then.</summary>
    public string Path { get; } = IsRegular(path) ? $"{path}.{Guid.NewGuid():N}.partial" : path;

    /// <summary>Writes it, and gives it its name; of one that fails nothing is left.</summary>
    /// <param name="write">Writes to <see cref="Path"/>.</param>
    /// <exception cref="CommandException">It cannot be written.</exception>
    public async Task<T> WriteAsync<T>(Func<Task<T>> write)
    {
        try
        {
            if (Directory.Exists(path))
                throw new IOException("a folder has that name");
            if (Path == path)
                return await write();
            await File.WriteAllBytesAsync(Path, []);
            T result = await write();
            File.Move(Path, path, overwrite: true);
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.No, $"{path} cannot be written: {e.Message}");
        }
        finally
        {
            // One that has its name is not here any more.
            if (Path != path && File.Exists(Path))
                File.Delete(Path);
        }
    }

    /// <summary>Whether it is a file of bytes, or will be one.</summary>
    private static bool IsRegular(string path) =>
        new FileInfo(path).LinkTarget is null && (!FileStat.TryOf(path, out FileStat stat) || stat.IsRegular);
}
