using Metrics.Configuration;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Telemetry;

namespace Metrics.Querying;

/// <summary>
/// Answers queries of people and programs: from the head, and from the store for what lies before it. What the head alone answers is
/// tried with a small allowance first; what that does not do, or the store is asked for, takes a place among the large.
/// </summary>
internal sealed class QueryService(
    Head head, ISampleStore store, QueryEngine engine, QuerySection options, MemoryBudget budget, QueryMetrics metrics,
    TimeProvider time) : IDisposable
{
    /// <summary>What a small query keeps at the most, and reads: some milliseconds, and little memory.</summary>
    private const long QuickSamples = 100_000;

    private const long QuickSamplesRead = 250_000;
    private const int QuickPlaces = 4;

    private readonly QueryLanes _lanes = new(
        Math.Max(QuickPlaces, options.MaxConcurrency), options.MaxConcurrency, options.MaxWaiting, metrics);

    private readonly History _history = new(head, store, engine.Options, options.MaxConcurrency, time);

    private readonly QueryEngine _quick = new(engine.Options with
    {
        MaxSamples = Math.Min(QuickSamples, engine.Options.MaxSamples),
        MaxSamplesRead = Math.Min(QuickSamplesRead, engine.Options.MaxSamplesRead),
    });

    /// <summary>How long a query may take; its caller may ask for less.</summary>
    public TimeSpan Timeout => options.Timeout;

    /// <summary>Counts what a query holds, from its evaluation on until nobody needs its result any more.</summary>
    public QueryMemory NewMemory() => new(engine.Options.MaxBytes, budget.Queries.TryTake, budget.Queries.GiveBack);

    /// <summary>The store may take half of a query's time; the rest is for computing with what there is.</summary>
    private static TimeSpan HistoryShare(TimeSpan timeout) => timeout / 2;

    /// <inheritdoc />
    public void Dispose()
    {
        _lanes.Dispose();
        _history.Dispose();
    }

    /// <summary>The value of an expression at one moment.</summary>
    /// <param name="query">The expression.</param>
    /// <param name="at">The moment, milliseconds since 1970 UTC.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="memory">Of <see cref="NewMemory"/>; disposed when the result is no longer needed. Null is at the return.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="QueryException">There is no result; the message says why.</exception>
    public Task<QueryResult> InstantAsync(
        PreparedQuery query, long at, TimeSpan timeout, QueryMemory? memory = null, CancellationToken ct = default) => WithinAsync(
        timeout, memory, (held, token) => RunAsync(query.Needs(EvaluationSteps.At(at), engine.Options), timeout, held,
            (with, source) => with.Instant(query, source, at, held, token), token), ct);

    /// <summary>The values of an expression over a range.</summary>
    /// <inheritdoc cref="InstantAsync" />
    public Task<QueryResult> RangeAsync(
        PreparedQuery query, EvaluationSteps grid, TimeSpan timeout, QueryMemory? memory = null,
        CancellationToken ct = default) => WithinAsync(
        timeout, memory, (held, token) => RunAsync(query.Needs(grid, engine.Options), timeout, held,
            (with, source) => with.Range(query, source, grid, held, token), token), ct);

    /// <summary>The series that meet any of several selectors and have samples in a span of time.</summary>
    /// <returns>They, and why those of history are missing; null when they are not.</returns>
    /// <exception cref="QueryException">They cannot be had; the message says why.</exception>
    public Task<(IReadOnlyList<Labels> Found, string? Warning)> SeriesAsync(
        IReadOnlyList<VectorSelector> selectors, long from, long to, QueryMemory? memory = null,
        CancellationToken ct = default) => WithinAsync(
        options.Timeout, memory, async (held, token) =>
        {
            IReadOnlyList<QueryNeed> needs = [.. selectors.Select(s => new QueryNeed(s.Matchers, from - 1, to))];
            using History.Source source = await _history.PrepareAsync(needs, held, HistoryShare(options.Timeout), token);
            return (await _lanes.HeavyAsync(() => Find(source.Series, selectors, from, to, held, token), token), source.Warning);
        }, ct);

    private static IReadOnlyList<Labels> Find(
        ISeriesSource source, IReadOnlyList<VectorSelector> selectors, long from, long to, QueryMemory memory, CancellationToken ct)
    {
        var found = new HashSet<Labels>();
        var samples = new SampleBuffer();
        foreach (ISeries series in selectors.SelectMany(s => source.Select(s.Matchers, from - 1, to)))
        {
            ct.ThrowIfCancellationRequested();
            samples.Clear();
            // Most series are looked for where they are now; only then are their samples walked.
            if (!series.TryLast(to, from - 1, out _))
                series.Read(from - 1, to, samples);
            if ((samples.Count > 0 || series.TryLast(to, from - 1, out _)) && found.Add(series.Labels))
                memory.Hold(QueryMemory.SeriesBytes);
        }
        return [.. found];
    }

    private static string NameOf(QueryFailure failure) => failure switch
    {
        QueryFailure.Limit => "limit",
        QueryFailure.Busy => "busy",
        QueryFailure.Timeout => "timeout",
        QueryFailure.Canceled => "canceled",
        _ => "execution",
    };

    /// <summary>Gives a query its time and its memory, and says how it ended.</summary>
    private async Task<T> WithinAsync<T>(
        TimeSpan timeout, QueryMemory? memory, Func<QueryMemory, CancellationToken, Task<T>> run, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        using QueryMemory? own = memory is null ? NewMemory() : null;
        try
        {
            return await run(memory ?? own!, either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or QueryException { Failure: QueryFailure.Canceled })
        {
            bool isLate = deadline.IsCancellationRequested;
            metrics.Failed.WithLabels(NameOf(isLate ? QueryFailure.Timeout : QueryFailure.Canceled)).Inc();
            throw isLate
                ? new QueryException("query timed out in expression evaluation", QueryFailure.Timeout)
                : new QueryException("query was canceled in expression evaluation", QueryFailure.Canceled);
        }
        catch (OutOfMemoryException)
        {
            metrics.Failed.WithLabels(NameOf(QueryFailure.Limit)).Inc();
            throw QueryException.NoMemory();
        }
        catch (QueryException e)
        {
            metrics.Failed.WithLabels(NameOf(e.Failure)).Inc();
            throw;
        }
    }

    private async Task<QueryResult> RunAsync(
        IReadOnlyList<QueryNeed> needs, TimeSpan timeout, QueryMemory memory, Func<QueryEngine, ISeriesSource, QueryResult> run,
        CancellationToken ct)
    {
        if (!_history.IsNeeded(needs))
        {
            try
            {
                return await _lanes.QuickAsync(() => run(_quick, head), ct);
            }
            catch (QueryException e) when (e.Failure == QueryFailure.Limit)
            {
                memory.Clear();
            }
        }
        // Before a place is taken: who waits for the store keeps nobody from computing.
        using History.Source source = await _history.PrepareAsync(needs, memory, HistoryShare(timeout), ct);
        QueryResult result = await _lanes.HeavyAsync(() => run(engine, source.Series), ct);
        return source.Warning is { } warning
            ? result with { Warnings = [.. result.Warnings, warning], MissesHistory = true }
            : result;
    }
}
