using System.Text;

namespace Metrics.Cli;

/// <summary>Evidence on its way into a folder, which has its name only when all of it is there.</summary>
internal sealed class EvidenceFolder
{
    private readonly string _path;
    private readonly string _partial;
    private readonly List<EvidenceFile> _files = [];

    /// <param name="path">The folder to make.</param>
    /// <exception cref="CommandException">It is there already.</exception>
    public EvidenceFolder(string path)
    {
        (_path, _partial) = (path, path + ".partial");
        if (Path.Exists(path) || Path.Exists(_partial))
            throw new CommandException(ExitCode.Misuse, $"{path} or {_partial} is there already; name a folder that is not");
        Directory.CreateDirectory(_partial);
    }

    /// <summary>The files that are whole.</summary>
    public IReadOnlyList<EvidenceFile> Files => _files;

    /// <summary>Writes a file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="write">Writes what is in it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task AddAsync(string name, Func<TextWriter, Task> write)
    {
        string path = Path.Combine(_partial, name);
        await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
        {
            await using (var text = new StreamWriter(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true))
                await write(text);
            file.Flush(flushToDisk: true);
        }
        _files.Add(EvidenceFile.Of(path));
    }

    /// <summary>Writes the manifest and gives the folder its name.</summary>
    /// <returns>The manifest's own file.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task<EvidenceFile> FinishAsync(EvidenceManifest manifest)
    {
        await AddAsync(EvidenceManifest.FileName, to => to.WriteAsync(manifest.ToJson()));
        Directory.Move(_partial, _path);
        return _files[^1];
    }

    /// <summary>Takes away what there is of one that failed.</summary>
    public void Discard()
    {
        if (Directory.Exists(_partial))
            Directory.Delete(_partial, true);
    }
}
