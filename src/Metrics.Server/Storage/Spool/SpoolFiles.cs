using System.Globalization;

namespace Metrics.Storage.Spool;

/// <summary>The files of a <see cref="DiskSpool"/>: its segments, and how far it has been read. Not thread-safe.</summary>
/// <param name="folder">Where they lie.</param>
/// <param name="damaged">Hears of what is damaged, once each, in a sentence.</param>
internal sealed class SpoolFiles(string folder, Action<string> damaged)
{
    private readonly HashSet<(long Segment, long Offset)> _knownDamage = [];

    private string PositionPath => Path.Combine(folder, "position");

    /// <summary>The numbers of the segments that are there.</summary>
    public IEnumerable<long> Numbers()
    {
        foreach (string file in Directory.GetFiles(folder, "*.spool"))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                && Path.GetFileName(file) == Path.GetFileName(PathOf(number)))
                yield return number;
        }
    }

    /// <summary>The file of a segment.</summary>
    public string PathOf(long number) => Path.Combine(folder, number.ToString("D12", CultureInfo.InvariantCulture) + ".spool");

    /// <summary>Begins a segment.</summary>
    /// <param name="number">Its number, or the next that no file has.</param>
    public FileStream Create(ref long number)
    {
        Directory.CreateDirectory(folder);
        while (Path.Exists(PathOf(number)))
            number++;
        return new FileStream(PathOf(number), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Takes a segment away.</summary>
    public void Delete(long number)
    {
        Directory.CreateDirectory(folder);
        File.Delete(PathOf(number));
        _knownDamage.RemoveWhere(d => d.Segment == number);
    }

    /// <summary>Notes how far it has been read; without a sync.</summary>
    public void WritePosition(long segment, long offset) =>
        File.WriteAllText(PositionPath, string.Create(CultureInfo.InvariantCulture, $"{segment} {offset}"));

    /// <summary>How far it has been read, as noted; null where that is nothing that makes sense.</summary>
    public (long Segment, long Offset)? ReadPosition() =>
        File.Exists(PositionPath) && File.ReadAllText(PositionPath).Split(' ') is [var one, var other]
            && long.TryParse(one, CultureInfo.InvariantCulture, out long segment)
            && long.TryParse(other, CultureInfo.InvariantCulture, out long offset) ? (segment, offset) : null;

    /// <summary>The first sound record from an offset on; what is passed over is damaged.</summary>
    public DiskSpool.Record? Find(long number, long offset, long size)
    {
        DiskSpool.Record? found;
        try
        {
            found = SpoolSegment.Find(PathOf(number), number, offset);
        }
        catch (IOException e) when (IsDamage(e))
        {
            found = null;
        }
        if ((found?.Start ?? size) > offset)
            NoteDamage(number, offset, $"{Path.GetFileName(PathOf(number))} is damaged at byte {offset}; what is there is not sent");
        return found;
    }

    /// <summary>Says of damage at a place, once.</summary>
    public void NoteDamage(long number, long offset, string text)
    {
        if (_knownDamage.Add((number, offset)))
            damaged(text);
    }

    /// <summary>Cuts a segment off behind its last whole record, when what follows is the torn rest of one.</summary>
    public long Repair(long number)
    {
        string file = PathOf(number);
        long size = new FileInfo(file).Length, end = 0;
        while (end < size && SpoolSegment.Find(file, number, end) is { } record)
        {
            if (record.Start > end)
                NoteDamage(number, end, $"{Path.GetFileName(file)} is damaged at byte {end}; what is there is not sent");
            end = record.End;
        }
        if (end == size)
            return size;
        if (!SpoolSegment.IsTorn(file, end))
            NoteDamage(number, end, $"{Path.GetFileName(file)} is damaged at byte {end}; what is there is not sent");
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.SetLength(end);
        return end;
    }

    /// <summary>Whether a segment is gone or its place on the disk damaged, and not only unreadable now, as with no handle free.</summary>
    /// <remarks>EIO, EBADMSG and EUCLEAN of Linux; errno(3).</remarks>
    private static bool IsDamage(IOException e) =>
        e is FileNotFoundException or DirectoryNotFoundException || e.HResult is 5 or 74 or 117;
}
