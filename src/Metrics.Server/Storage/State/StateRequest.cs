namespace Metrics.Storage.State;

/// <summary>
/// A write that somebody waits for, and may give up. Who gives up before it has begun knows that nothing was written, nor will be.
/// </summary>
/// <param name="Work">Says what to write, when its turn has come.</param>
/// <param name="Written">Done when that is committed, before the next.</param>
internal sealed record StateRequest(Action<StateWriter> Work, Action? Written)
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int GivenUp = 2;

    private int _phase;

    /// <summary>Completed when it is committed, or has failed for good.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether nobody waits for it any more.</summary>
    public bool IsGivenUp => Volatile.Read(ref _phase) == GivenUp;

    /// <summary>Begins to write, within a transaction; from here on it cannot be given up.</summary>
    /// <exception cref="OperationCanceledException">It is given up.</exception>
    public void Begin()
    {
        if (Interlocked.CompareExchange(ref _phase, Begun, Waiting) == GivenUp)
            throw new OperationCanceledException("Nobody waits for this write any more.");
    }

    /// <summary>The try has failed, and nothing of it is written.</summary>
    public void Withdraw() => Interlocked.CompareExchange(ref _phase, Waiting, Begun);

    /// <summary>Gives it up.</summary>
    /// <returns>Whether it had not begun: nothing of it is written.</returns>
    public bool TryGiveUp() => Interlocked.CompareExchange(ref _phase, GivenUp, Waiting) == Waiting;
}
