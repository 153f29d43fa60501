using System.Collections.Concurrent;
using Metrics.Query;

namespace Metrics.Rules;

/// <summary>
/// The answers of a remote engine for one round of a group. What the round will ask is asked beforehand, some questions side by side; what
/// nobody foresaw (a template's <c>metric "…"</c>, the first round) is asked when it comes up, by the round's own thread.
/// </summary>
internal sealed class RemoteQueries(RemoteEngine engine, long at, CancellationToken ct) : IVectorQueries
{
    private const int SideBySide = 4;

    private readonly ConcurrentDictionary<PreparedQuery, Answer> _answers = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<PreparedQuery> _asked = new(ReferenceEqualityComparer.Instance);
    private volatile string? _unreachable;

    private readonly record struct Answer(IReadOnlyList<VectorElement>? Vector, string? Error);

    /// <summary>What the round has asked.</summary>
    public IReadOnlySet<PreparedQuery> Asked => _asked;

    /// <summary>Asks beforehand.</summary>
    public Task PrepareAsync(IEnumerable<PreparedQuery> queries)
    {
        var few = new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = ct };
        return Parallel.ForEachAsync(queries, few, async (query, _) => _answers[query] = await AskAsync(query));
    }

    /// <inheritdoc />
    public IReadOnlyList<VectorElement> Evaluate(PreparedQuery query, long at)
    {
        _asked.Add(query);
        // The round has a thread of its own, on which nobody else waits.
        if (!_answers.TryGetValue(query, out Answer answer))
            _answers[query] = answer = AskAsync(query).GetAwaiter().GetResult();
        return answer.Vector ?? throw new QueryException(answer.Error!);
    }

    private async Task<Answer> AskAsync(PreparedQuery query)
    {
        if (_unreachable is { } reason)
            return new Answer(null, reason);
        try
        {
            return new Answer(await engine.AskAsync(query, at, ct).ConfigureAwait(false), null);
        }
        catch (QueryException e)
        {
            return new Answer(null, e.Message);
        }
        catch (RemoteEngineException e)
        {
            _unreachable = e.Message;
            return new Answer(null, e.Message);
        }
    }
}
