using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>What the ledger says of one part of a source in one hour of arrival. Times are nanoseconds since 1970 UTC.</summary>
/// <param name="Hour">The hour in which it was read, hours since 1970 UTC.</param>
/// <param name="Source">The input.</param>
/// <param name="Part">Names the file among all that were ever read; empty where a source has no parts.</param>
/// <param name="Path">The file's name then; empty where it is none.</param>
/// <param name="Inode">Its number in its file system.</param>
/// <param name="Sequence">The last batch that is in it.</param>
/// <param name="Begins">The first byte that was read.</param>
/// <param name="Ends">The first byte that was not.</param>
/// <param name="Bytes">Bytes that were read: as many as lie between, where none was missed and none read twice.</param>
/// <param name="Lines">Lines.</param>
/// <param name="Records">Records: lines, or several that belong together.</param>
/// <param name="Stored">Events of them that are stored, as they were counted in their batches.</param>
/// <param name="LeftOut">Records whose events are not kept (<c>events.store</c>).</param>
/// <param name="Cut">Records whose events hold not all of their text.</param>
/// <param name="LongBytes">Bytes of no record: rests of lines that were too long.</param>
/// <param name="NulBytes">Bytes of no record: NULs.</param>
/// <param name="FirstTime">The earliest time that its records say; <see cref="long.MaxValue"/> where there is none.</param>
/// <param name="LastTime">The latest one; <see cref="long.MinValue"/> where there is none.</param>
/// <param name="FirstRead">When the first was read.</param>
/// <param name="LastRead">When the last was read.</param>
internal sealed record LedgerRow(
    long Hour, string Source, string Part, string Path, long Inode, long Sequence, long Begins, long Ends, long Bytes, long Lines,
    long Records, long Stored, long LeftOut, long Cut, long LongBytes, long NulBytes, long FirstTime, long LastTime, long FirstRead,
    long LastRead)
{
    /// <summary>Records of which nobody knows what has become; less than 0 where there are more events than records.</summary>
    public long Unaccounted => Records - Stored - LeftOut;

    /// <summary>Of what a batch says.</summary>
    public static LedgerRow Of(LedgerEntry entry, long sequence) => new(
        LedgerEntry.HourOf(entry.ReadAt), entry.Source, entry.Part, entry.Path, entry.Inode, sequence, entry.Begins, entry.Ends,
        entry.Ends - entry.Begins + entry.StreamBytes, entry.Lines, entry.Records, entry.Stored, entry.LeftOut, entry.Cut,
        entry.LongBytes, entry.NulBytes, entry.FirstTime, entry.LastTime, entry.ReadAt, entry.ReadAt);

    /// <summary>The same place, in which nothing is counted.</summary>
    public LedgerRow WithoutCounts() => this with
    {
        Bytes = 0, Lines = 0, Records = 0, Stored = 0, LeftOut = 0, Cut = 0, LongBytes = 0, NulBytes = 0,
    };

    /// <summary>Both together; the other one is newer.</summary>
    public LedgerRow With(LedgerRow other) => other with
    {
        Begins = Math.Min(Begins, other.Begins), Ends = Math.Max(Ends, other.Ends), Bytes = Bytes + other.Bytes,
        Lines = Lines + other.Lines, Records = Records + other.Records, Stored = Stored + other.Stored,
        LeftOut = LeftOut + other.LeftOut, Cut = Cut + other.Cut, LongBytes = LongBytes + other.LongBytes,
        NulBytes = NulBytes + other.NulBytes, FirstTime = Math.Min(FirstTime, other.FirstTime),
        LastTime = Math.Max(LastTime, other.LastTime), FirstRead = Math.Min(FirstRead, other.FirstRead),
        LastRead = Math.Max(LastRead, other.LastRead),
    };
}
