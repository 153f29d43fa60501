using System.Text;
using Metrics.Model;

namespace Metrics.Tests.Model;

/// <summary>Events as columns.</summary>
public sealed class EventBatchTests
{
    [Fact]
    public void Rows_come_back_as_they_were_added_however_many_there_are()
    {
        using var batch = new EventBatch("test/one", capacity: 1);
        for (int i = 0; i < 1000; i++)
        {
            batch.Add(i, i + 1, i % 2 == 0 ? "log" : "host.login", (byte)(i % 25), $"body {i}");
            for (int field = 0; field < i % 7; field++)
                batch.AddField($"field.{field}", $"{i}.{field}");
        }
        batch.Count.Should().Be(1000);
        for (int i = 0; i < 1000; i++)
        {
            Event one = batch.ToEvent(i);
            (one.Time, one.ObservedTime, one.SeverityNumber, one.Body).Should().Be((i, i + 1, (byte)(i % 25), $"body {i}"));
            one.Kind.Should().Be(i % 2 == 0 ? "log" : "host.login");
            one.Fields.Should().Equal(Enumerable.Range(0, i % 7).Select(f => new EventField($"field.{f}", $"{i}.{f}")));
        }
    }

    [Fact]
    public void An_empty_value_is_no_field_and_the_first_of_two_values_stays()
    {
        using var batch = new EventBatch("test/one");
        batch.Add(1, 1, "log", 9, "");
        batch.AddField("host.name", "");
        batch.AddField("host.name", "a");
        batch.AddField("host.name", "b");
        batch.Value(0, "host.name").Should().Be("a");
        batch.Value(0, "kind").Should().Be("log");
        batch.Value(0, "severity_number").Should().Be("9");
        batch.Value(0, "source.ip").Should().BeNull();
    }

    [Fact]
    public void Fields_can_be_added_to_any_row_and_all_others_stay_as_they_are()
    {
        using var batch = new EventBatch("test", 1);
        for (int row = 0; row < 100; row++)
        {
            batch.Add(row + 1, row + 1, "log", 9, $"line {row}");
            for (int field = 0; field < row % 4; field++)
                batch.AddField($"f{field}", $"{row}.{field}");
        }
        List<Event> before = [.. Enumerable.Range(0, 100).Select(batch.ToEvent)];
        long bytes = batch.Bytes;
        int[] marked = [0, 50, 51, 99];
        batch.AddFields([.. marked.SelectMany<int, RowField>(r => [new(r, "mark", $"m{r}"), new(r, "empty", ""), new(r, "more", "x")])]);
        batch.AddFields([.. marked.Select(r => new RowField(r, "mark", "the first stays"))]);
        foreach (int row in marked)
            before[row] = before[row] with { Fields = [.. before[row].Fields, new("mark", $"m{row}"), new("more", "x")] };
        for (int row = 0; row < 100; row++)
            batch.ToEvent(row).Should().BeEquivalentTo(before[row], o => o.WithStrictOrdering());
        batch.Keep([.. Enumerable.Repeat(true, 100)]);
        (batch.Bytes - bytes).Should().Be((8 * 16) + 2 + 3 + 3 + 3 + 4, "it is counted with what it takes");
    }

    [Fact]
    public void Fields_that_are_added_together_keep_the_bound_of_each_row_and_those_beyond_are_counted()
    {
        using var batch = new EventBatch("test");
        for (int row = 0; row < 3; row++)
        {
            batch.Add(1, 1, "log", 9, "");
            for (int field = 0; field < EventBounds.MaxFields - (row == 1 ? 1 : 2); field++)
                batch.AddField($"f{field}", "x");
        }
        batch.AddFields([.. Enumerable.Range(0, 3).SelectMany<int, RowField>(r => [new(r, "a", "1"), new(r, "b", "2"), new(r, "c", "3")])]);
        batch.Cuts.Fields.Should().Be(1 + 2 + 1);
        Enumerable.Range(0, 3).Select(r => batch.ToEvent(r).Fields.Count).Should().AllBeEquivalentTo(EventBounds.MaxFields);
        (batch.Find(0, "b"), batch.Find(1, "b"), batch.Find(2, "b")).Should().Be(("2", null, "2"));
    }

    [Fact]
    public void Texts_in_UTF8_are_bounded_in_characters_and_bytes_that_are_none_are_replaced()
    {
        using var batch = new EventBatch("test/one");
        string whole = new('ä', EventBounds.MaxBodyLength), value = new('中', EventBounds.MaxValueLength);
        batch.Add(1, 1, "log", 9, Encoding.UTF8.GetBytes(whole));
        batch.AddField("a", Encoding.UTF8.GetBytes(value));
        batch.Cuts.Should().Be(default(EventCuts), "a character may take more than a byte");
        batch.Add(1, 1, "log", 9, Encoding.UTF8.GetBytes(whole + "x"));
        batch.AddField("a", Encoding.UTF8.GetBytes(value + "x"));
        batch.Cuts.Should().Be(new EventCuts(Bodies: 1, Values: 1, Fields: 0, Times: 0));
        batch.Add(1, 1, "log", 9, [(byte)'a', 0xFF, (byte)'b']);
        batch.AddField("a", [0xC3]);
        foreach (int row in new[] { 0, 1 })
            (batch.ToEvent(row).Body == whole, batch.Find(row, "a") == value).Should().Be((true, true));
        (batch.ToEvent(2).Body, batch.Find(2, "a")).Should().Be(("a\uFFFDb", "\uFFFD"));
    }

    [Theory]
    [InlineData("host", "host.name")]
    [InlineData("source_ip", "source.ip")]
    [InlineData("source.ip", "source.ip")]
    [InlineData("kind", "kind")]
    [InlineData("severity_number", "severity_number")]
    [InlineData("openstack_request_id", "openstack.request_id")]
    [InlineData("file_hash_sha256", "file.hash.sha256")]
    public void A_field_is_found_by_its_name_and_by_its_label(string written, string full) =>
        EventFields.FullName(written).Should().Be(full);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(7, false)]
    [InlineData(1000, false)]
    [InlineData(1, true)]
    [InlineData(7, true)]
    [InlineData(1000, true)]
    public void What_a_mask_keeps_is_as_it_was_and_weighs_as_if_it_had_come_alone(int oneIn, bool isTrimmed)
    {
        using EventBatch batch = Make(i => true), alone = Make(i => i % oneIn == 0);
        batch.Add(new SourcePosition("test", "part", "read to here"));
        batch.Keep([.. Enumerable.Range(0, batch.Count).Select(i => i % oneIn == 0)]);
        if (isTrimmed)
        {
            batch.Trim();
            batch.Size.Should().Be(alone.Size);
        }
        batch.Count.Should().Be(alone.Count);
        batch.Bytes.Should().Be(alone.Bytes);
        batch.Positions.Should().HaveCount(1);
        for (int row = 0; row < alone.Count; row++)
            batch.ToEvent(row).Should().BeEquivalentTo(alone.ToEvent(row));
        batch.Add(1, 1, "log", 9, "goes on");
        batch.AddField("a", "b");
        batch.FieldsOf(batch.Count - 1).ToArray().Should().Equal(new EventField("a", "b"));
        batch.RemoveNewest();
        batch.Keep(new bool[batch.Count]);
        batch.Trim();
        (batch.Count, batch.Bytes, batch.Size).Should().Be((0, 0, default));
    }

    private static EventBatch Make(Func<int, bool> isIn)
    {
        var batch = new EventBatch("test/one", capacity: 1);
        foreach (int i in Enumerable.Range(0, 100).Where(isIn))
        {
            batch.Add(i, i + 1, i % 2 == 0 ? "log" : "host.login", (byte)(i % 25), $"body {i}");
            foreach (int field in Enumerable.Range(0, i % 7))
                batch.AddField($"field.{field}", $"{i}.{field}");
        }
        return batch;
    }
}
