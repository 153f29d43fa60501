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

    /// <summary>How long a query may take; its caller may ask for less.</summary>
    public TimeSpan Timeout => options.Timeout;

    public void Dispose() => _slots.Dispose();

    /// <summary>The value of an expression at one moment.</summary>
    /// <exception cref="QueryException">There is no result; the message says why.</exception>
    public Task<QueryResult> InstantAsync(PreparedQuery query, long at, TimeSpan timeout, CancellationToken ct) =>
        RunAsync(query, EvaluationSteps.At(at), timeout, (source, token) => engine.Instant(query, source, at, token), ct);

    /// <summary>The values of an expression over a range.</summary>
    /// <exception cref="QueryException">There is no result; the message says why.</exception>
    public Task<QueryResult> RangeAsync(PreparedQuery query, EvaluationSteps grid, TimeSpan timeout, CancellationToken ct) =>
        RunAsync(query, grid, timeout, (source, token) => engine.Range(query, source, grid, token), ct);

    /// <summary>The series that meet any of several selectors and have samples in a span of time.</summary>
    public async Task<IReadOnlyList<Labels>> SeriesAsync(IReadOnlyList<VectorSelector> selectors, long from, long to, CancellationToken ct)
    {
        var found = new HashSet<Labels>();
        var samples = new SampleBuffer();
        (ISeriesSource source, _) = await PrepareAsync([.. selectors.Select(s => new QueryNeed(s.Matchers, from - 1, to))], ct);
        foreach (ISeries series in selectors.SelectMany(s => source.Select(s.Matchers, from - 1, to)))
        {
            samples.Clear();
            // Most series are looked for where they are now; only then are their samples walked.
            if (!series.TryLast(to, from - 1, out _))
                series.Read(from - 1, to, samples);
            if (samples.Count > 0 || series.TryLast(to, from - 1, out _))
                found.Add(series.Labels);
        }
        return [.. found];
    }

    private async Task<QueryResult> RunAsync(
        PreparedQuery query, EvaluationSteps grid, TimeSpan timeout, Func<ISeriesSource, CancellationToken, QueryResult> run,
        CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            await _slots.WaitAsync(either.Token);
            try
            {
                (ISeriesSource source, string? warning) = await PrepareAsync(query.Needs(grid, engine.Options), either.Token);
                QueryResult result = await Task.Run(() => run(source, either.Token), either.Token);
                return warning is null ? result : result with { Warnings = [.. result.Warnings, warning] };
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

    /// <summary>
    /// Fetches from the store what lies before the head. A store that cannot be read costs the history, and a warning says so.
    /// </summary>
    private async Task<(ISeriesSource Source, string? Warning)> PrepareAsync(IReadOnlyList<QueryNeed> needs, CancellationToken ct)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        long boundary = Math.Max(head.CompleteSince, now - (long)head.Options.Window.TotalMilliseconds);
        if (needs.All(n => n.After >= boundary))
            return (head, null);
        var history = new HeadAndStoreSource(head, boundary);
        string? warning = null;
        long samples = 0;
        try
        {
            foreach (QueryNeed need in Distinct(needs.Where(n => n.After < boundary)))
            {
                await foreach (SampleBatch batch in store.ReadAsync(need.Matchers, need.After + 1, Math.Min(need.To, boundary), ct))
                {
                    using (batch)
                    {
                        if ((samples += batch.Count) > engine.Options.MaxSamples)
                            throw new QueryException("query processing would load too many samples into memory from the store (limit: "
                                + $"{engine.Options.MaxSamples})", QueryFailure.Limit);
                        history.Add(batch);
                    }
                }
            }
        }
        catch (StoreException e)
        {
            warning = $"history before {new Timestamp(boundary).ToSecondsText()} could not be read: {e.Message}";
        }
        history.Seal();
        return (history, warning);
    }

    /// <summary>Selectors that stand in an expression several times are read once, over all that they need.</summary>
    private static IEnumerable<QueryNeed> Distinct(IEnumerable<QueryNeed> needs) => needs
        .GroupBy(n => string.Join(',', n.Matchers))
        .Select(g => new QueryNeed(g.First().Matchers, g.Min(n => n.After), g.Max(n => n.To)));
}
