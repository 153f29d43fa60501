using Metrics.Configuration;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;
using Metrics.Storage;

namespace Metrics.Querying;

/// <summary>Answers queries of people and programs: from the head, and from the store for what lies before it.</summary>
internal sealed class QueryService(Head head, ISampleStore store, QueryEngine engine, QuerySection options, TimeProvider time) : IDisposable
{
    /// <summary>More queries than this wait: they do nothing but compute.</summary>
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrency);
    private readonly History _history = new(head, store, engine.Options, options.MaxConcurrency, time);

    /// <summary>The store may take half of a query's time; the rest is for computing with what there is.</summary>
    private static TimeSpan HistoryShare(TimeSpan timeout) => timeout / 2;

    /// <summary>How long a query may take; its caller may ask for less.</summary>
    public TimeSpan Timeout => options.Timeout;

    public void Dispose()
    {
        _slots.Dispose();
        _history.Dispose();
    }

    /// <summary>The value of an expression at one moment.</summary>
    /// <exception cref="QueryException">There is no result; the message says why.</exception>
    public Task<QueryResult> InstantAsync(PreparedQuery query, long at, TimeSpan timeout, CancellationToken ct) =>
        RunAsync(query, EvaluationSteps.At(at), timeout, (source, token) => engine.Instant(query, source, at, token), ct);

    /// <summary>The values of an expression over a range.</summary>
    /// <exception cref="QueryException">There is no result; the message says why.</exception>
    public Task<QueryResult> RangeAsync(PreparedQuery query, EvaluationSteps grid, TimeSpan timeout, CancellationToken ct) =>
        RunAsync(query, grid, timeout, (source, token) => engine.Range(query, source, grid, token), ct);

    /// <summary>The series that meet any of several selectors and have samples in a span of time.</summary>
    /// <returns>They, and why those of history are missing; null when they are not.</returns>
    public async Task<(IReadOnlyList<Labels> Found, string? Warning)> SeriesAsync(
        IReadOnlyList<VectorSelector> selectors, long from, long to, CancellationToken ct)
    {
        var found = new HashSet<Labels>();
        var samples = new SampleBuffer();
        using History.Source source = await _history.PrepareAsync(
            [.. selectors.Select(s => new QueryNeed(s.Matchers, from - 1, to))], HistoryShare(options.Timeout), ct);
        foreach (ISeries series in selectors.SelectMany(s => source.Series.Select(s.Matchers, from - 1, to)))
        {
            samples.Clear();
            // Most series are looked for where they are now; only then are their samples walked.
            if (!series.TryLast(to, from - 1, out _))
                series.Read(from - 1, to, samples);
            if (samples.Count > 0 || series.TryLast(to, from - 1, out _))
                found.Add(series.Labels);
        }
        return ([.. found], source.Warning);
    }

    private async Task<QueryResult> RunAsync(
        PreparedQuery query, EvaluationSteps grid, TimeSpan timeout, Func<ISeriesSource, CancellationToken, QueryResult> run,
        CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            // Before a slot is taken: who waits for the store keeps nobody from computing.
            using History.Source source = await _history.PrepareAsync(
                query.Needs(grid, engine.Options), HistoryShare(timeout), either.Token);
            await _slots.WaitAsync(either.Token);
            try
            {
                QueryResult result = await Task.Run(() => run(source.Series, either.Token), either.Token);
                return source.Warning is { } warning ? result with { Warnings = [.. result.Warnings, warning] } : result;
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or QueryException { Failure: QueryFailure.Canceled })
        {
            throw deadline.IsCancellationRequested
                ? new QueryException("query timed out in expression evaluation", QueryFailure.Timeout)
                : new QueryException("query was canceled in expression evaluation", QueryFailure.Canceled);
        }
    }
}
