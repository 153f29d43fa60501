using System.Formats.Tar;

namespace Metrics.Cli;

/// <summary>A backup on its way into a folder, which has its name only when all of it is there.</summary>
internal sealed class BackupFolder(string path)
{
    private readonly PartialFolder _folder = new(path);

    /// <summary>What happens now, for people who wait; from another thread.</summary>
    public string Doing { get; private set; } = "waiting for the first file";

    /// <summary>Bytes that are there.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes all files of a tar.</summary>
    /// <param name="tar">The tar.</param>
    /// <param name="last">Name of the entry without which it is not whole.</param>
    /// <param name="took">Hears of each file.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="InvalidDataException">It is not whole, or not one of ours.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public async Task FillAsync(Stream tar, string last, Action<string, long> took, CancellationToken cancel)
    {
        _folder.Begin();
        await using var reader = new TarReader(tar);
        bool isWhole = false;
        while (await reader.GetNextEntryAsync(copyData: false, cancel) is { } entry)
        {
            string file = Path.GetFullPath(Path.Combine(_folder.Path, entry.Name));
            if (!file.StartsWith(_folder.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal) || entry.DataStream is not { } data)
                throw new InvalidDataException($"it has an entry {entry.Name}");
            Doing = entry.Name;
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            long length = await WriteAsync(data, file, cancel);
            took(entry.Name, length);
            Doing = $"waiting for what follows {entry.Name}";
            isWhole = entry.Name == last;
        }
        if (!isWhole)
            throw new InvalidDataException("the daemon broke it off; see its log");
        _folder.Finish();
    }

    /// <inheritdoc cref="PartialFolder.MustBeNew" />
    public void MustBeNew() => _folder.MustBeNew();

    /// <inheritdoc cref="PartialFolder.Discard" />
    public void Discard() => _folder.Discard();

    private async Task<long> WriteAsync(Stream data, string file, CancellationToken cancel)
    {
        long before = Bytes;
        await PartialFolder.WriteAsync(file, async written =>
        {
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = await data.ReadAsync(buffer, cancel)) > 0; Bytes += read)
                await written.WriteAsync(buffer.AsMemory(0, read), cancel);
        });
        return Bytes - before;
    }
}
