using Metrics.Storage;

namespace Metrics.Api.Events;

/// <summary>Questions that may look at all of the event log: one at a time, and none for long.</summary>
internal sealed class LongQuestions(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(25);

    /// <summary>Answers that are held in memory until they are sent, and those who wait for one.</summary>
    private const int MaxAnswers = 8;

    private readonly SemaphoreSlim _asking = new(1, 1);
    private readonly SemaphoreSlim _answering = new(MaxAnswers, MaxAnswers);

    public void Dispose()
    {
        _asking.Dispose();
        _answering.Dispose();
    }

    /// <summary>Asks for what is large, and sends it, for which there is as long as it takes; few at a time.</summary>
    /// <inheritdoc cref="AskAsync" />
    /// <exception cref="StoreException">Too many are at it, the turn did not come, or the answer, in time.</exception>
    public async Task AnswerAsync<T>(Func<CancellationToken, Task<T>> ask, Func<T, Task> send, CancellationToken ct)
        where T : IDisposable
    {
        if (!await _answering.WaitAsync(TimeSpan.Zero, ct))
            throw new StoreException($"{MaxAnswers} such answers are on their way already; ask again when one has ended.");
        try
        {
            using T answer = await AskAsync(ask, ct);
            await send(answer);
        }
        finally
        {
            _answering.Release();
        }
    }

    /// <summary>Asks when it is its turn, away from the thread of the request.</summary>
    /// <param name="ask">Asks; must end when it is told to.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="StoreException">The turn did not come, or the answer, in time.</exception>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(s_timeout, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await _asking.WaitAsync(end.Token);
            try
            {
                return await Task.Run(() => ask(end.Token), end.Token);
            }
            finally
            {
                _asking.Release();
            }
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new StoreException($"The event log has not answered within {s_timeout.TotalSeconds} s; ask for less time.", e);
        }
    }
}
