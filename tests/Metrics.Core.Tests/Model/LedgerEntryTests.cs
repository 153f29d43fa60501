using Metrics.Model;

namespace Metrics.Tests.Model;

/// <summary>What a batch accounts for stays right whatever is taken out of it.</summary>
public sealed class LedgerEntryTests
{
    private const long Hour = 3_600_000_000_000;
    private const long Now = 500_000 * Hour;

    [Fact]
    public void What_is_taken_out_of_a_batch_is_left_out_of_the_entry_that_it_was_of()
    {
        using var batch = new EventBatch("t");
        Add(batch, "note", isNote: true);
        LedgerEntry first = Entry(batch, "a", () =>
        {
            Add(batch, "1");
            Add(batch, "note", isNote: true);
            Add(batch, "2");
        }, records: 2);
        LedgerEntry second = Entry(batch, "b", () =>
        {
            Add(batch, "3");
            Add(batch, "4");
        }, records: 2);
        batch.Keep([true, false, true, true, false, true]);
        (first.Records, first.Stored, first.LeftOut).Should().Be((2, 1, 1));
        (second.Records, second.Stored, second.LeftOut).Should().Be((2, 1, 1));
        batch.Keep([true, true, true, false]);
        (first.Stored, first.LeftOut, second.Stored, second.LeftOut).Should().Be((1, 1, 0, 2));
        (batch.Count - batch.Notes).Should().Be(first.Stored + second.Stored);
    }

    [Fact]
    public void Records_are_counted_by_the_hour_that_they_say_and_what_cannot_be_is_now()
    {
        var entry = new LedgerEntry { Source = "s", Part = "p", ReadAt = Now };
        foreach (long time in (long[])[Now, Now - Hour, Now - 1, Now + Hour, Now + (48 * Hour), -5, Now - (400 * 24 * Hour)])
            entry.Count(time);
        entry.Hours().Should().BeEquivalentTo(new Dictionary<long, int> { [500_000] = 3, [499_999] = 2, [500_001] = 1, [0] = 1 });
        entry.Hours().Should().HaveCount(4, "it may be asked twice");
        (entry.Records, entry.FirstTime, entry.LastTime).Should().Be((7, Now - (400 * 24 * Hour), Now + Hour));
    }

    [Fact]
    public void Who_does_not_account_for_what_is_read_has_it_accounted_for_as_a_whole()
    {
        using var batch = new EventBatch("t");
        Add(batch, "note", isNote: true);
        Add(batch, "1");
        Add(batch, new string('2', EventBounds.MaxBodyLength + 1));
        batch.Account("syslog/udp", Now);
        batch.Account("syslog/udp", Now);
        LedgerEntry entry = batch.Ledger.Should().ContainSingle().Subject;
        (entry.Source, entry.Part, entry.Records, entry.Stored, entry.Lines).Should().Be(("syslog/udp", "", 2, 2, 2));
        entry.Cut.Should().Be(1);
    }

    private static void Add(EventBatch batch, string body, bool isNote = false)
    {
        batch.Add(Now, Now, isNote ? EventKinds.LogGap : EventKinds.Log, 9, body);
        if (isNote)
            batch.CountNote();
    }

    private static LedgerEntry Entry(EventBatch batch, string part, Action add, int records)
    {
        var entry = new LedgerEntry { Source = "s", Part = part, ReadAt = Now };
        batch.Begin(entry);
        add();
        for (int n = 0; n < records; n++)
            entry.Count(Now);
        batch.Add(entry);
        return entry;
    }
}
