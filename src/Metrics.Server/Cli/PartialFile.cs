namespace Metrics.Cli;

/// <summary>A file on its way, which has its name only when all of it is there. One that was there before stays until then.</summary>
/// <param name="path">The file to make, a whole path.</param>
internal sealed class PartialFile(string path)
{
    /// <summary>Where it is until then.</summary>
    public string Path { get; } = path + ".partial";

    /// <summary>Writes it, and gives it its name; of one that fails nothing is left.</summary>
    /// <param name="write">Writes to <see cref="Path"/>.</param>
    /// <exception cref="CommandException">It cannot be written.</exception>
    public async Task<T> WriteAsync<T>(Func<Task<T>> write)
    {
        try
        {
            if (Directory.Exists(path))
                throw new IOException("a folder has that name");
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
            if (File.Exists(Path))
                File.Delete(Path);
        }
    }
}
