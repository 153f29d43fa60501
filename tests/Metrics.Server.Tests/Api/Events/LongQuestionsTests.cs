using Metrics.Api.Events;
using Metrics.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Api.Events;

/// <summary>Questions that may look at everything wait for each other, and for no longer than somebody waits for an answer.</summary>
public sealed class LongQuestionsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly LongQuestions _questions;

    public LongQuestionsTests() => _questions = new LongQuestions(_time);

    public void Dispose() => _questions.Dispose();

    [Fact]
    public async Task The_second_is_asked_when_the_first_has_ended()
    {
        var answer = new TaskCompletionSource<int>();
        Task<int> first = _questions.AskAsync(_ => answer.Task, default), second = _questions.AskAsync(_ => Task.FromResult(2), default);
        second.IsCompleted.Should().BeFalse();
        answer.SetResult(1);
        (await first, await second).Should().Be((1, 2));
    }

    [Fact]
    public async Task What_takes_too_long_is_ended_and_said_and_so_is_what_waits_for_it()
    {
        Task<int> first = _questions.AskAsync(ForeverAsync, default), second = _questions.AskAsync(ForeverAsync, default);
        _time.Advance(TimeSpan.FromSeconds(26));
        foreach (Task<int> one in (Task<int>[])[first, second])
        {
            (await one.Awaiting(o => o).Should().ThrowAsync<StoreException>())
                .WithMessage("The event log has not answered within 25 s; ask for less time.");
        }
        (await _questions.AskAsync(_ => Task.FromResult(3), default)).Should().Be(3);
    }

    [Fact]
    public async Task Who_does_not_wait_any_more_is_no_late_answer()
    {
        using var gone = new CancellationTokenSource();
        Task<int> asked = _questions.AskAsync(ForeverAsync, gone.Token);
        await gone.CancelAsync();
        await asked.Awaiting(a => a).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Large_answers_that_nobody_takes_are_few_and_hold_up_no_other_question()
    {
        var taken = new TaskCompletionSource();
        Task[] slow = [.. Enumerable.Range(0, 8).Select(_ => AnswerAsync(taken.Task))];
        await AnswerAsync(Task.CompletedTask).Awaiting(a => a).Should().ThrowAsync<StoreException>().WithMessage("8 such answers are *");
        (await _questions.AskAsync(_ => Task.FromResult(3), default)).Should().Be(3);
        taken.SetResult();
        await Task.WhenAll(slow);
        await AnswerAsync(Task.CompletedTask);

        Task AnswerAsync(Task sent) =>
            _questions.AnswerAsync(_ => Task.FromResult(new CancellationTokenSource()), _ => sent, default);
    }

    private static async Task<int> ForeverAsync(CancellationToken ct)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        return 0;
    }
}
