using System.Collections.Concurrent;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack;

/// <summary>One value of an answer.</summary>
internal readonly record struct CloudValue(Metric Metric, Labels Series, double Value);

/// <summary>
/// For what an API tells only one thing at a time, such as a project's quota. The first poll asks for everything, the following ones for
/// those whose answer is the oldest, so that each is asked once in <c>slow_interval</c>. A value bears the time at which it was asked for;
/// one that fails ends its series and takes no other with it.
/// </summary>
internal abstract class SlicedPoller(WatchedCloud cloud, CloudService service) : CloudPoller(cloud, service)
{
    private readonly Dictionary<string, (DateTimeOffset At, List<CloudValue>? Values)> _answers = [];

    /// <summary>What is to be asked for now, by id; null while that is not known yet.</summary>
    protected abstract IReadOnlyCollection<(string Id, string Name)>? Things { get; }

    /// <summary>Asks for one.</summary>
    /// <exception cref="CloudException">There is no answer.</exception>
    protected abstract Task<List<CloudValue>> AskAsync(string id, string name, CancellationToken ct);

    protected sealed override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        if (Things is not { } things)
            return;
        Dictionary<string, string> names = things.DistinctBy(t => t.Id).ToDictionary(t => t.Id, t => t.Name);
        foreach (string gone in _answers.Keys.Except(names.Keys).ToList())
            _answers.Remove(gone);
        int slice = (int)Math.Ceiling(names.Count * (Cloud.Job.Interval / Cloud.Job.SlowInterval));
        string[] unasked = [.. names.Keys.Where(id => !_answers.ContainsKey(id))];
        string[] oldest = [.. _answers.OrderBy(a => a.Value.At).Take(Math.Max(0, slice - unasked.Length)).Select(a => a.Key)];
        var fresh = new ConcurrentDictionary<string, (DateTimeOffset At, List<CloudValue>? Values)>();
        CloudException? failure = null;
        await Parallel.ForEachAsync(
            [.. unasked, .. oldest], new ParallelOptions { MaxDegreeOfParallelism = Cloud.Job.Concurrency, CancellationToken = ct },
            async (id, token) =>
        {
            DateTimeOffset at = Cloud.Time.GetUtcNow();
            try
            {
                fresh[id] = (at, await AskAsync(id, names[id], token));
            }
            catch (CloudException e)
            {
                failure = e;
                fresh[id] = (at, null);
            }
        });
        if (failure is not null && fresh.Values.All(v => v.Values is null))
            throw failure;
        foreach ((string id, var answer) in fresh)
            _answers[id] = answer;
        foreach ((string id, (DateTimeOffset at, List<CloudValue>? values)) in _answers)
        {
            for (int i = 0; i < values?.Count; i++)
            {
                CloudValue value = values[i];
                if (fresh.ContainsKey(id))
                    values[i] =
                        value with { Series = sink.AddSeries(value.Metric, value.Value, value.Series, at.ToUnixTimeMilliseconds()) };
                else
                    sink.Keep(value.Series);
            }
        }
    }
}
