using Metrics.Storage;

namespace Metrics.Api.Events;

/// <summary>Questions that may look at all of the event log: one at a time, and none for long.</summary>
internal sealed class LongQuestions(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(25);

    private readonly SemaphoreSlim _asking = new(1, 1);

    public void Dispose() => _asking.Dispose();

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
