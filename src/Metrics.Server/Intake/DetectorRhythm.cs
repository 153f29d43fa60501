namespace Metrics.Intake;

/// <summary>
/// When a detector on a host has come to the end of its looks, and how long its pauses are. Times are seconds since 1970 UTC.
/// </summary>
internal sealed class DetectorRhythm
{
    /// <summary>
    /// Looks that are remembered: as many as fit into what must have been heard, one in <see cref="SameLook"/> (346), and some more.
    /// </summary>
    public const int MaxLooks = 360;

    private const long Day = 86_400;

    /// <summary>What ends within this is one look: a scanner says it on screen and to syslog, and a disk at a time.</summary>
    private const long SameLook = 50 * 60;

    /// <summary>Of a detector that is heard for less nothing is usual yet: two weekends must have been seen.</summary>
    private const long MinHistory = 12 * Day;

    /// <summary>Looks that are older than this teach nothing any more, but for the last few.</summary>
    private const long Taught = 35 * Day;
    private const int MinLooks = 4;

    /// <summary>How near two pauses are that are taken for one rhythm.</summary>
    private const double Alike = 0.8;

    private readonly List<long> _looks = [];

    /// <summary>When it was last; 0 is never.</summary>
    public long Last { get; private set; }

    /// <summary>What is to be stored of it.</summary>
    public StoredLooks Stored => new([.. _looks]);

    /// <summary>Goes on from what was stored; null where that is of no use.</summary>
    public static DetectorRhythm? From(StoredLooks? stored)
    {
        if (stored?.Looks is not { Count: > 0 and <= MaxLooks } looks || looks[0] <= 0
            || looks.Zip(looks.Skip(1)).Any(p => p.First >= p.Second))
            return null;
        var rhythm = new DetectorRhythm { Last = looks[^1] };
        rhythm._looks.AddRange(looks);
        return rhythm;
    }

    /// <summary>Notes a look.</summary>
    /// <returns>Whether it is a new one.</returns>
    public bool Note(long at)
    {
        bool isNew = _looks.Count == 0 || at - _looks[^1] > SameLook;
        Last = Math.Max(Last, at);
        if (!isNew)
            return false;
        _looks.Add(at);
        while (_looks.Count > MaxLooks || (_looks.Count > MinLooks && at - _looks[0] > Taught))
            _looks.RemoveAt(0);
        return true;
    }

    /// <summary>Takes back looks after a moment: our clock was ahead, and nothing would be missed until it has come so far again.</summary>
    public void ForgetAfter(long moment)
    {
        if (Last <= moment)
            return;
        _looks.RemoveAll(l => l > moment);
        Last = _looks.Count == 0 ? 0 : _looks[^1];
    }

    /// <summary>Takes a look back, since it could not be stored: it comes again.</summary>
    public void Forget(long at)
    {
        _looks.Remove(at);
        Last = _looks.Count == 0 ? 0 : _looks[^1];
    }

    /// <summary>
    /// The longest of its pauses that it has made twice: a weekend is usual, a day on which its machine was down is not. Null where it is
    /// not known.
    /// </summary>
    public long? UsualPause()
    {
        if (_looks.Count < 3 || _looks[^1] - _looks[0] < MinHistory)
            return null;
        long[] pauses = [.. _looks.Zip(_looks.Skip(1)).Select(p => p.Second - p.First).OrderDescending()];
        for (int i = 0; i + 1 < pauses.Length; i++)
        {
            if (pauses[i + 1] >= Alike * pauses[i])
                return pauses[i];
        }
        return null;
    }
}

/// <summary>What is stored of a detector.</summary>
/// <param name="Looks">When its looks ended, seconds since 1970 UTC, in their order.</param>
internal sealed record StoredLooks(IReadOnlyList<long> Looks);
