using System.Text;
using Metrics.Hosting;
using Metrics.Inputs.Journald;
using Metrics.Inputs.OpenStack;
using Metrics.Inputs.Push;
using Metrics.Model;

namespace Metrics.Tests.Inputs;

/// <summary>What an input has stored of itself may be damaged: then it was not stored, and the input starts all the same.</summary>
public sealed class DamagedPositionsTests
{
    [Theory]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"Cursor":null,"Time":null,"Units":null}""")]
    [InlineData("""{"Cursor":"garbage","Time":1,"Units":""}""")]
    [InlineData("""{"Cursor":"s=12;i=x","Time":1,"Units":""}""")]
    public void A_journal_is_begun_anew(string state)
    {
        JournaldOptions options = MetricsOptions.Parse("inputs: { journald: [ {} ] }").Inputs.Inputs.OfType<JournaldOptions>().Single();
        var good = new JournalPosition("s=d26d5570e3684a1aa4e66f34d0592544;i=1;b=1f;m=3e8;t=60a24181e4000;x=ea7dd4b09660f51d", 1, "");
        JournalPosition.Find([good.ToSource(options)], options).Should().Be(good);
        JournalPosition.Find([good.ToSource(options) with { State = state }], options).Should().BeNull();
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"Place":"PLACE","Bindings":null}""")]
    [InlineData("""{"Place":"PLACE","Bindings":[null]}""")]
    [InlineData("""{"Place":"PLACE","Bindings":[{"Exchange":null,"Key":"x"}]}""")]
    public void A_queue_was_never_there(string state)
    {
        QueuePosition position = QueuePosition.Of(MetricsOptions.Parse(
            "inputs: { openstack: [ { name: a, notifications: { url: 'amqp://metricsd@rabbit' } } ] }")
            .Inputs.Inputs.OfType<NotificationsOptions>().Single());
        using var batch = new EventBatch("openstack/a", 1);
        position.AddTo(batch);
        position.Find(batch.Positions)!.Bindings.Should().Equal(position.Bindings);
        string damaged = state.Replace("PLACE", position.Place, StringComparison.Ordinal);
        position.Find([batch.Positions[0] with { State = damaged }]).Should().BeNull();
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"Number":-1,"LastAt":1,"Ids":""}""")]
    [InlineData("""{"Number":9223372036854775807,"LastAt":1,"Ids":""}""")]
    [InlineData("""{"Number":64,"LastAt":1,"Ids":""}""")]
    [InlineData("""{"Number":1,"LastAt":1,"Ids":null}""")]
    [InlineData("""{"Number":1,"LastAt":1,"Ids":"not base 64"}""")]
    public void Messages_of_a_row_are_forgotten_and_others_known(string state)
    {
        using var batch = new EventBatch("openstack/a", 1);
        SeenMessages seen = SeenMessages.Load([]);
        seen.Add("one"u8, 7);
        seen.AddTo(batch);
        seen = SeenMessages.Load([.. batch.Positions, new SourcePosition("openstack/a", "messages/1", state)]);
        (seen.Add("one"u8, 8), seen.LastAt).Should().Be((false, 7L));
        for (int n = 0; n < 20_000; n++)
            seen.Add(Encoding.UTF8.GetBytes($"{n}"), 9).Should().BeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("one two")]
    [InlineData("-1 two")]
    [InlineData("9223372036854775807 two")]
    public async Task A_push_is_forgotten_and_the_next_ones_are_taken(string state)
    {
        var recent = new RecentPushes("push", [new SourcePosition("push", "1", state)]);
        await recent.CommitOnce("two", new EventBatch("push/x", 1), TakeAsync, out bool isRepeated);
        isRepeated.Should().BeFalse();

        static Task TakeAsync(EventBatch batch)
        {
            batch.Dispose();
            return Task.CompletedTask;
        }
    }
}
