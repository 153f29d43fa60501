namespace Metrics.Storage;

/// <summary>What the producer of a batch waits for: that it is stored for good, or why it is not.</summary>
/// <param name="order">The order in which the batches of one producer are stored; null where it is of no matter.</param>
internal sealed class CommitSource(CommitOrder? order = null)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? _undo;

    /// <summary>Ends when it is stored.</summary>
    /// <exception cref="StoreException">It could not be.</exception>
    public Task Task => _done.Task;

    /// <summary>Whether one before it was not stored, so that this one may not be.</summary>
    public bool IsRefused => order is { IsBroken: true };

    /// <summary>Has something done where it is not stored, before its producer hears of it and comes again.</summary>
    public void OnFailure(Action undo) => _undo += undo;

    /// <summary>Says that it is stored.</summary>
    public void Complete() => _done.TrySetResult();

    /// <summary>Says that it is not stored; nor will be those behind it.</summary>
    public void Fail(StoreException reason)
    {
        order?.Break();
        _undo?.Invoke();
        _done.TrySetException(reason);
    }
}
