using System.Formats.Tar;
using System.Text.Json;
using Metrics.Storage.Events;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Storage.State;
using Metrics.Telemetry;

namespace Metrics.Storage;

/// <summary>
/// A copy of everything in the data folder while it is used, as a tar: each file as its database has it at one moment, so that a copy of
/// the folder by itself, torn between two writes, is never needed. The state comes first: what is newer in the others does no harm.
/// </summary>
internal sealed class Backup(StorageOptions options, StateStore state, EventLog events, ISampleStore store, TimeProvider time) : IDisposable
{
    /// <summary>The last entry, which says what is in it: without it a backup is not whole.</summary>
    public const string Manifest = "backup.json";

    private static readonly string[] s_spools = ["spool", "spool-events", "spool-forward"];

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Writes it.</summary>
    /// <param name="to">Where the tar goes.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="StoreException">A file cannot be read, or there is no room for a copy of it.</exception>
    /// <exception cref="IOException">Likewise, or nobody takes the tar any more.</exception>
    public async Task WriteAsync(Stream to, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        string work = Path.GetFullPath(Path.Combine(options.Path, "tmp", "backup"));
        try
        {
            if (Directory.Exists(work))
                Directory.Delete(work, true);
            Directory.CreateDirectory(work);
            await using var tar = new TarWriter(to, leaveOpen: true);
            var elsewhere = new List<string>();
            if (options.Postgres is null)
                await AddAsync(tar, work, "state.db", path => Task.Run(() => state.Backup(path), ct), ct);
            else
                elsewhere.Add("the state, which is in PostgreSQL");
            if (File.Exists(EventLogFile.PathOf(options)))
                await AddAsync(tar, work, "events.duckdb", path => Task.Run(() => events.BackupAsync(path, ct), ct), ct);
            if (store is DuckDbStore samples)
                await AddAsync(tar, work, "metrics.duckdb", path => Task.Run(() => samples.BackupAsync(path, ct), ct), ct);
            else
                elsewhere.Add($"the samples, which are in {store.Description}");
            foreach (string spool in s_spools)
                await AddSpoolAsync(tar, work, spool, ct);
            await AddAsync(tar, work, Manifest, path => File.WriteAllTextAsync(path, Describe(elsewhere), ct), ct);
        }
        finally
        {
            try
            {
                if (Directory.Exists(work))
                    Directory.Delete(work, true);
            }
            finally
            {
                _one.Release();
            }
        }
    }

    public void Dispose() => _one.Dispose();

    private string Describe(List<string> elsewhere) =>
        JsonSerializer.Serialize(new { version = VersionText.Product, at = time.GetUtcNow(), elsewhere });

    private static async Task AddAsync(TarWriter tar, string work, string name, Func<string, Task> write, CancellationToken ct)
    {
        string path = Path.Combine(work, Path.GetFileName(name));
        await write(path);
        if (!File.Exists(path))
            return;
        await tar.WriteEntryAsync(path, name, ct);
        File.Delete(path);
    }

    /// <summary>
    /// Its files only grow, and go when all of them is sent. Where reading has come is copied first: some is sent again, none is missing.
    /// </summary>
    private async Task AddSpoolAsync(TarWriter tar, string work, string spool, CancellationToken ct)
    {
        string folder = Path.Combine(options.Path, spool);
        if (!Directory.Exists(folder))
            return;
        IEnumerable<string> files = Directory.GetFiles(folder).Order(StringComparer.Ordinal);
        foreach (string file in files.OrderBy(f => Path.GetFileName(f) != "position"))
            await AddAsync(tar, work, $"{spool}/{Path.GetFileName(file)}", path => CopyAsync(file, path, ct), ct);
    }

    private static async Task CopyAsync(string from, string to, CancellationToken ct)
    {
        try
        {
            await using var read = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using FileStream written = File.Create(to);
            await read.CopyToAsync(written, ct);
        }
        catch (FileNotFoundException)
        {
            // It has been sent meanwhile.
        }
    }
}
