using System.Text;

namespace Metrics.Cli;

/// <summary>Evidence on its way into a folder, which has its name only when all of it is there.</summary>
internal sealed class EvidenceFolder
{
    private readonly PartialFolder _folder;
    private readonly List<EvidenceFile> _files = [];

    /// <param name="path">The folder to make.</param>
    /// <exception cref="CommandException">It is there already.</exception>
    public EvidenceFolder(string path)
    {
        _folder = new PartialFolder(path);
        _folder.MustBeNew();
        _folder.Begin();
    }

    /// <summary>The files that are whole.</summary>
    public IReadOnlyList<EvidenceFile> Files => _files;

    /// <summary>Writes a file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="write">Writes what is in it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task AddAsync(string name, Func<TextWriter, Task> write)
    {
        string path = Path.Combine(_folder.Path, name);
        await PartialFolder.WriteAsync(path, async file =>
        {
            await using var text = new StreamWriter(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
            await write(text);
        });
        _files.Add(EvidenceFile.Of(path));
    }

    /// <summary>Writes the manifest and gives the folder its name.</summary>
    /// <returns>The manifest's own file.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task<EvidenceFile> FinishAsync(EvidenceManifest manifest)
    {
        await AddAsync(EvidenceManifest.FileName, to => to.WriteAsync(manifest.ToJson()));
        _folder.Finish();
        return _files[^1];
    }

    /// <inheritdoc cref="PartialFolder.Discard" />
    public void Discard() => _folder.Discard();
}
