using System.Collections.Concurrent;

namespace Metrics.Storage.State;

/// <summary>
/// The lane of the state for those who must not wait for it: requests. One thread of its own writes for all of them, a few read, so that a
/// database that is locked, full or slow takes none of the threads that answer HTTP. Who waits, waits for a limited time.
/// </summary>
/// <param name="write">Writes a request, and returns when that is done; throws <see cref="OperationCanceledException"/> when it is given
/// up.</param>
/// <param name="time">The clock.</param>
internal sealed class StateLane(Action<StateRequest> write, TimeProvider time) : IDisposable
{
    /// <summary>How long a request waits.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);
    private const int MaxWaiting = 10_000;
    private const int Readers = 4;

    private readonly BlockingCollection<StateRequest> _requests = new(MaxWaiting);
    private readonly SemaphoreSlim _reading = new(Readers, Readers);
    private readonly Lock _starting = new();
    private Thread? _writer;

    /// <summary>Has something written in its turn, however long that takes.</summary>
    public async Task WriteInTurnAsync(StateRequest request)
    {
        Enqueue(request);
        await request.Done.Task;
    }

    /// <summary>Has something written, and waits for no longer than a request may.</summary>
    /// <exception cref="StateUnavailableException">It could not be written in time.</exception>
    public async Task WriteAsync(StateRequest request)
    {
        Enqueue(request);
        try
        {
            await request.Done.Task.WaitAsync(Patience, time);
            return;
        }
        catch (TimeoutException)
        {
            if (request.TryGiveUp())
                throw new StateUnavailableException("The state cannot be written now, and nothing was changed. Try again later.");
        }
        try
        {
            // It is being committed.
            await request.Done.Task.WaitAsync(Patience, time);
        }
        catch (TimeoutException e)
        {
            throw new StateUnavailableException("The state is written too slowly: whether this was done is not known. Look before you "
                + "try again.", e);
        }
    }

    /// <summary>Reads, and waits for no longer than a request may.</summary>
    /// <exception cref="StateUnavailableException">It could not be read in time.</exception>
    public async Task<T> ReadAsync<T>(Func<T> read)
    {
        long start = time.GetTimestamp();
        await EnterAsync();
        Task<T> reading = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    return read();
                }
                finally
                {
                    _reading.Release();
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        TimeSpan rest = Patience - time.GetElapsedTime(start);
        try
        {
            return await reading.WaitAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, time);
        }
        catch (TimeoutException e)
        {
            throw Unreadable(e);
        }
    }

    private async Task EnterAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await _reading.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException e)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>Ends it; what waits is still written where that goes at once.</summary>
    public void Dispose()
    {
        _requests.CompleteAdding();
        _writer?.Join(s_goodbye);
    }

    /// <summary>What is said to who wanted to read.</summary>
    public static StateUnavailableException Unreadable(Exception? inner) =>
        new("The state cannot be read now. Try again later.", inner);

    private void Enqueue(StateRequest request)
    {
        if (_requests.IsAddingCompleted || !_requests.TryAdd(request))
            throw new StateUnavailableException("The state cannot be written now: too much waits for it. Try again later.");
        if (_writer is not null)
            return;
        lock (_starting)
        {
            if (_writer is not null)
                return;
            _writer = new Thread(WriteAll) { IsBackground = true, Name = "state" };
            _writer.Start();
        }
    }

    private void WriteAll()
    {
        foreach (StateRequest request in _requests.GetConsumingEnumerable())
        {
            try
            {
                if (request.IsGivenUp)
                    continue;
                write(request);
                request.Written?.Invoke();
                request.Done.TrySetResult();
            }
            catch (Exception e)
            {
                request.Done.TrySetException(e);
            }
        }
    }
}
