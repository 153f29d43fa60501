using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.Events.About;
using Metrics.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Storage.Events.About;

/// <summary>What is known about somebody takes of the memory of queries, and no more than a part of it.</summary>
public sealed class EventInvestigatorTests : IDisposable
{
    private const int Events = 4_000;

    private static readonly AboutQuery s_alice = new(EventFields.UserName, "alice", 0, long.MaxValue, 0, 10_000);

    private readonly EventLogFolder _folder = new(new FakeTimeProvider(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero)));
    private readonly MemoryShare _memory = new("queries", 2 << 20);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Of_more_bytes_than_it_may_hold_the_newest_are_looked_at_and_that_is_said()
    {
        await using EventLog log = await WriteAsync();
        using (AboutAnswer answer = await new EventInvestigator(log, _memory).FindAsync(s_alice, default))
        {
            int found = answer.Events.Count;
            found.Should().BeInRange(100, 1_000, "they have a kilobyte each, and an eighth of the memory is looked at");
            answer.Cut.Should().Equal($"only the newest {found} events with it are looked at; there may be more");
            answer.Events.Select(e => e.Batch.Times[e.Row]).Should().Equal(Enumerable.Range(Events - found, found).Select(n => (long)n));
            _memory.InUse.Should().BeInRange(found * 1_000, _memory.Bytes / 4);
        }
        _memory.InUse.Should().Be(0);
    }

    [Fact]
    public async Task While_queries_hold_all_their_memory_there_is_no_answer_and_nothing_is_held()
    {
        await using EventLog log = await WriteAsync();
        _memory.TryTake(_memory.Bytes).Should().BeTrue();
        Func<Task> ask = () => new EventInvestigator(log, _memory).FindAsync(s_alice, default);
        await ask.Should().ThrowAsync<StoreException>().WithMessage("Queries hold all the memory that they may hold together; *");
        _memory.InUse.Should().Be(_memory.Bytes);
    }

    private async Task<EventLog> WriteAsync()
    {
        EventLog log = _folder.Open();
        var batch = new EventBatch("t");
        for (int n = 0; n < Events; n++)
        {
            batch.Add(n, n, "log", 9, new string('x', 1_000));
            batch.AddField(EventFields.UserName, "alice");
        }
        await EventLogFolder.WriteAsync(log, batch);
        return log;
    }
}
