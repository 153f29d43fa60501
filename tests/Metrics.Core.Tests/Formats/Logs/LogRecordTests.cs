using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Records on their way into a batch.</summary>
public sealed class LogRecordTests
{
    [Fact]
    public void Fields_come_into_the_batch_as_they_were_set()
    {
        var record = new LogRecord { Time = 5, SeverityNumber = 9 };
        record.Set("a", "first");
        record.Set("b", "ü — 中"u8);
        record.Set("a", "second"u8);
        record.Set("c", 42);
        record.Set("d", "gone");
        record.Remove("d");
        record.Set("e", new string('x', EventBounds.MaxValueLength + 1));
        using var batch = new EventBatch("test");
        record.AddTo(batch, 7, "the line"u8);
        batch.ToEvent(0).Fields.Should().Equal(
            new EventField("a", "second"), new EventField("b", "ü — 中"), new EventField("c", "42"),
            new EventField("e", new string('x', EventBounds.MaxValueLength)));
        (batch.ToEvent(0).Body, batch.Times[0], batch.ObservedTimes[0], batch.Cuts.Values).Should().Be(("the line", 5, 7, 1));
    }

    [Fact]
    public void A_format_that_fails_at_a_record_does_not_fit_and_its_fault_is_known()
    {
        var broken = new LogFormat("broken", (text, _, record) =>
        {
            record.Set("half", "set");
            return text[7] == 'x';
        }, (_, _) => throw new InvalidOperationException("a line"));
        var any = new LogFormat("any", (_, _, record) =>
        {
            record.Set("read", "it");
            return true;
        });
        var record = new LogRecord();
        using var batch = new EventBatch("test");
        void Read(LogReader reader, string line)
        {
            byte[] text = Encoding.UTF8.GetBytes(line);
            reader.Read(text, record).Should().BeTrue();
            record.AddTo(batch, 1, text);
        }
        var reader = new LogReader([broken, any], new LogContext(TimeZoneInfo.Utc));
        Read(reader, "0123456x");
        reader.JoinFor("0123456x"u8)!("0123456x"u8, "next"u8).Should().BeFalse();
        Read(reader, "0123456x");
        Read(reader, "short");
        Enumerable.Range(0, 3).Select(row => (batch.Find(row, "half"), batch.Find(row, "read"))).Should().Equal(
            ("set", null), ("set", null), (null, "it"));
        batch.Faults.Select(f => f.Message).Should().Equal(
            "The format broken cannot read a record: a line",
            "The format broken cannot read a record: Index was outside the bounds of the array.");
    }

    [Fact]
    public void Two_halves_of_a_character_in_two_fields_are_no_character()
    {
        // Somebody may choose both values: together they are UTF-8, each for itself is none.
        var record = new LogRecord();
        record.Set("a", [(byte)'x', 0xC3]);
        record.Set("b", [0xA9, (byte)'y']);
        record.Set("c", "z");
        using var batch = new EventBatch("test");
        record.AddTo(batch, 1, "line"u8);
        batch.ToEvent(0).Fields.Should().Equal(
            new EventField("a", "x\uFFFD"), new EventField("b", "\uFFFDy"), new EventField("c", "z"));
        foreach (EventFieldText field in batch.FieldsOf(0))
            System.Text.Unicode.Utf8.IsValid(field.Utf8).Should().BeTrue(field.Name);
    }
}
