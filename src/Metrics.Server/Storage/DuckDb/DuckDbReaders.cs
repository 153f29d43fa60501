namespace Metrics.Storage.DuckDb;

/// <summary>
/// Counts those who read a DuckDB file, so that it can be closed when nobody does: DuckDB has one state of a file in a process, and while a
/// reading holds one that has failed, it would be handed out again. Safe for use by several threads.
/// </summary>
internal sealed class DuckDbReaders
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _closed;
    private int _count;

    /// <summary>Begins a reading; waits while the file is closed to readers.</summary>
    public async Task EnterAsync(CancellationToken ct)
    {
        while (true)
        {
            Task closed;
            lock (_lock)
            {
                if (_closed is null)
                {
                    _count++;
                    return;
                }
                closed = _closed.Task;
            }
            await closed.WaitAsync(ct);
        }
    }

    /// <summary>Ends a reading.</summary>
    public void Leave()
    {
        lock (_lock)
            _count--;
    }

    /// <summary>Closes it to readers, unless somebody reads.</summary>
    public bool TryLockOut()
    {
        lock (_lock)
        {
            if (_count > 0)
                return false;
            _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return true;
        }
    }

    /// <summary>Opens it to readers again.</summary>
    public void LetIn()
    {
        lock (_lock)
        {
            _closed?.TrySetResult();
            _closed = null;
        }
    }
}
