using Metrics.Inputs;

namespace Metrics.Tests.Inputs.Logs;

/// <summary>What lies in files and is not stored is unread, as long as it is so and from the start on.</summary>
public sealed class UnreadFilesTests
{
    [Fact]
    public async Task Before_the_first_look_all_is_unread_that_was_not_read_before()
    {
        await using var logs = new LogFolder("start: beginning");
        logs.Append("a.log", "read before\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        await logs.UnreadAsync(0);
        await logs.StopAsync();
        logs.Append("a.log", "since\n");
        logs.Append("b.log", "another\n");
        Func<Task> goOn = await logs.StartHeldAsync();
        (await logs.UnreadAsync(14)).Should().BeEquivalentTo(
            [new UnreadFile(logs.PathOf("a.log"), 6, 0, null), new UnreadFile(logs.PathOf("b.log"), 8, 0, null)],
            o => o.Excluding(u => u.Newest));
        await goOn();
        await logs.EventsAsync(3);
        await logs.UnreadAsync(0);
    }

    [Fact]
    public async Task What_nobody_wants_is_not_unread()
    {
        await using var logs = new LogFolder();
        logs.Append("a.log", "there before the first start\n");
        Func<Task> goOn = await logs.StartHeldAsync();
        logs.Counters.Unread.Should().BeEmpty();
        await goOn();
        logs.Counters.Unread.Should().BeEmpty();
    }

    [Fact]
    public async Task Files_to_which_it_has_not_come_yet_are_unread()
    {
        const int Files = 40, Lines = 5_000;
        await using var logs = new LogFolder("start: beginning");
        string lines = string.Concat(Enumerable.Repeat(new string('x', 51) + "\n", Lines));
        for (int n = 0; n < Files; n++)
            logs.Append($"{n}.log", lines);
        Func<Task> goOn = await logs.StartHeldAsync();
        await logs.UnreadAsync(Files * lines.Length);
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        logs.Gate = next.Task;
        await goOn();
        await Eventually.Async(() => logs.HandedOver > 0, "some of it is read");
        logs.HandedOver.Should().BeLessThan(Files * Lines);
        (await logs.UnreadAsync(Files * lines.Length)).Should().HaveCount(Files, "none of it is stored");
        next.SetResult();
        await logs.EventsAsync(Files * Lines);
        await logs.UnreadAsync(0);
    }

    [Fact]
    public async Task What_is_read_and_not_stored_yet_is_unread_and_what_grows_meanwhile_too()
    {
        await using var logs = new LogFolder("start: beginning");
        await logs.StartAsync();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        logs.Gate = held.Task;
        logs.Append("a.log", "1\n");
        await Eventually.Async(() => logs.HandedOver == 1, "it is read");
        await logs.UnreadAsync(2);
        logs.Append("a.log", "2\n");
        await logs.UnreadAsync(4);
        logs.Append("a.log", "3\n");
        await logs.UnreadAsync(6);
        (await logs.LedgerAsync()).Rows.Should().BeEmpty();
        held.SetResult();
        await logs.EventsAsync(3);
        await logs.UnreadAsync(0);
    }

    [Fact]
    public async Task A_packed_file_is_unread_until_its_last_line_is_stored()
    {
        await using var logs = new LogFolder("start: beginning", "a.log");
        logs.Append("a.log", "1\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        await logs.StopAsync();
        logs.Append("a.log", "2\n");
        logs.Move("a.log", "a.log.1");
        logs.Pack("a.log.1");
        Func<Task> goOn = await logs.StartHeldAsync();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        logs.Gate = held.Task;
        await goOn();
        await Eventually.Async(() => logs.HandedOver == 2, "it is read");
        (await logs.UnreadAsync(new FileInfo(logs.PathOf("a.log.1.gz")).Length)).Should().ContainSingle();
        held.SetResult();
        await logs.EventsAsync(2);
        await logs.UnreadAsync(0);
    }
}
