using Metrics.Query;

namespace Metrics.Querying;

/// <summary>
/// Who may evaluate now. A query that may be small runs in the quick lane, where what is too much ends it after milliseconds; then it waits
/// for a place of the heavy lane. So what is small never waits for what is large. Both are computing and nothing else, hence few places;
/// the queues before them are bounded. Heavy ones have threads of their own: those of the pool answer everybody else.
/// </summary>
internal sealed class QueryLanes(int quickPlaces, int heavyPlaces, int maxWaiting, QueryMetrics metrics) : IDisposable
{
    private readonly Lane _quick = new("quick", quickPlaces, maxWaiting, metrics);
    private readonly Lane _heavy = new("heavy", heavyPlaces, maxWaiting, metrics);

    /// <summary>Runs what is small.</summary>
    /// <exception cref="QueryException">Too many wait already.</exception>
    public Task<T> QuickAsync<T>(Func<T> run, CancellationToken ct) => _quick.RunAsync(() => Task.Run(run, ct), ct);

    /// <summary>Runs what may be large.</summary>
    /// <param name="run">The computing.</param>
    /// <param name="ct">Ends the waiting; the computing ends itself.</param>
    /// <exception cref="QueryException">Too many wait already.</exception>
    public Task<T> HeavyAsync<T>(Func<T> run, CancellationToken ct) => _heavy.RunAsync(
        () => Task.Factory.StartNew(run, ct, TaskCreationOptions.LongRunning, TaskScheduler.Default), ct);

    /// <inheritdoc />
    public void Dispose()
    {
        _quick.Dispose();
        _heavy.Dispose();
    }

    private sealed class Lane(string name, int places, int maxWaiting, QueryMetrics metrics) : IDisposable
    {
        private readonly SemaphoreSlim _places = new(places);
        private int _waiting;

        public async Task<T> RunAsync<T>(Func<Task<T>> run, CancellationToken ct)
        {
            await EnterAsync(ct);
            metrics.Running.WithLabels(name).Inc();
            try
            {
                return await run();
            }
            finally
            {
                metrics.Running.WithLabels(name).Dec();
                _places.Release();
            }
        }

        public void Dispose() => _places.Dispose();

        private async Task EnterAsync(CancellationToken ct)
        {
            if (Interlocked.Increment(ref _waiting) > maxWaiting && _places.CurrentCount == 0)
            {
                Interlocked.Decrement(ref _waiting);
                throw new QueryException($"too many queries wait already (limit: {maxWaiting}); try again later", QueryFailure.Busy);
            }
            metrics.Waiting.WithLabels(name).Inc();
            try
            {
                await _places.WaitAsync(ct);
            }
            finally
            {
                metrics.Waiting.WithLabels(name).Dec();
                Interlocked.Decrement(ref _waiting);
            }
        }
    }
}
