using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;
using Metrics.Storage;

namespace Metrics.Querying;

/// <summary>
/// What queries need from the store, before the moment up to which the head is complete. At most so many queries at one time hold
/// history; who needs none waits for nothing here. A store that does not give it in time costs the history, and a warning says so.
/// </summary>
internal sealed class History(Head head, ISampleStore store, EngineOptions limits, int maxConcurrency, TimeProvider time) : IDisposable
{
    /// <summary>A store that was too slow is left alone for so long.</summary>
    private static readonly TimeSpan s_leftAlone = TimeSpan.FromSeconds(15);

    /// <summary>
    /// What is asked of the last minutes is in the head, but for the first minutes after a start without history: nobody waits longer for
    /// it.
    /// </summary>
    private static readonly TimeSpan s_recent = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_patienceForRecent = TimeSpan.FromSeconds(2);

    /// <summary>What a sample of the store takes while it is held, bytes: its time and its value, in lists that grow by doubling.</summary>
    private const long SampleBytes = 32;
    private const long SeriesBytes = 3 * QueryMemory.SeriesBytes;

    /// <summary>A store that gave nothing in less than this says nothing of itself by it.</summary>
    private static readonly TimeSpan s_leastPatience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _lane = new(maxConcurrency);
    private long _aloneUntil;

    /// <summary>The series of a query; disposed when the query is done.</summary>
    /// <param name="Series">Head, and history where it is needed.</param>
    /// <param name="Warning">Why history is missing; null when it is not.</param>
    /// <param name="Lane">What is held meanwhile.</param>
    internal readonly record struct Source(ISeriesSource Series, string? Warning, SemaphoreSlim? Lane) : IDisposable
    {
        public void Dispose() => Lane?.Release();
    }

    public void Dispose() => _lane.Dispose();

    /// <summary>Whether the head alone does not do.</summary>
    public bool IsNeeded(IReadOnlyList<QueryNeed> needs) => !IsCovered(needs, Boundary(Now()));

    /// <summary>Fetches what is needed.</summary>
    /// <param name="needs">Which series, and from when to when.</param>
    /// <param name="memory">Holds what is fetched.</param>
    /// <param name="patience">Longest time to wait for the store.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="QueryException">It is more than a query may read.</exception>
    public async Task<Source> PrepareAsync(
        IReadOnlyList<QueryNeed> needs, QueryMemory memory, TimeSpan patience, CancellationToken ct)
    {
        long now = Now(), boundary = Boundary(now);
        if (IsCovered(needs, boundary))
            return new Source(head, null, null);
        if (Volatile.Read(ref _aloneUntil) > now)
            return Without(boundary, $"{store.Description} was too slow a moment ago");
        if (patience > s_patienceForRecent && needs.All(n => n.After >= now - (long)s_recent.TotalMilliseconds))
            patience = s_patienceForRecent;
        using var late = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        var joined = new HeadAndStoreSource(head, boundary);
        SemaphoreSlim? held = null;
        try
        {
            await _lane.WaitAsync(either.Token);
            held = _lane;
            await ReadAsync(needs.Where(n => n.After < boundary), boundary, joined, memory, either.Token);
            held = null;
            return new Source(joined, null, _lane);
        }
        catch (StoreException e)
        {
            memory.Clear();
            return Without(boundary, e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            memory.Clear();
            // Who waited for the others only, had no patience or asked for more than comes in time, says nothing of the store.
            if (held is not null && patience >= s_leastPatience && joined.IsEmpty)
                Volatile.Write(ref _aloneUntil, Now() + (long)s_leftAlone.TotalMilliseconds);
            return Without(boundary, $"{store.Description} did not give it within {Duration.Format(patience)}");
        }
        finally
        {
            held?.Release();
        }
    }

    private static bool IsCovered(IReadOnlyList<QueryNeed> needs, long boundary) => needs.All(n => n.After >= boundary);

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The last moment that the store answers for, milliseconds since 1970 UTC: before it the head is not complete.</summary>
    private long Boundary(long now) => Math.Max(head.CompleteSince, now - (long)head.Options.Window.TotalMilliseconds);

    private Source Without(long boundary, string reason) =>
        new(head, $"history before {new Timestamp(boundary).ToSecondsText()} could not be read: {reason}", null);

    private async Task ReadAsync(
        IEnumerable<QueryNeed> needs, long boundary, HeadAndStoreSource joined, QueryMemory memory, CancellationToken ct)
    {
        long samples = 0;
        foreach (QueryNeed need in Distinct(needs))
        {
            await foreach (SampleBatch batch in store.ReadAsync(need.Matchers, need.After + 1, Math.Min(need.To, boundary), ct))
            {
                using (batch)
                {
                    if ((samples += batch.Count) > limits.MaxSamples)
                        throw new QueryException("query processing would load too many samples into memory from the store (limit: "
                            + $"{limits.MaxSamples})", QueryFailure.Limit);
                    memory.Hold(SampleBytes * batch.Count);
                    memory.Hold(SeriesBytes * joined.Add(batch));
                }
            }
        }
        joined.Seal();
    }

    /// <summary>Selectors that stand in an expression several times are read once, over all that they need.</summary>
    private static IEnumerable<QueryNeed> Distinct(IEnumerable<QueryNeed> needs) => needs
        .GroupBy(n => string.Join(',', n.Matchers))
        .Select(g => new QueryNeed(g.First().Matchers, g.Min(n => n.After), g.Max(n => n.To)));
}
