using System.Collections.Concurrent;

namespace Metrics.Pollers.Scrape;

/// <summary>
/// What a discovery found last. It is asked again in the background; what cannot be had keeps the targets that it had. Looked at by one
/// thread at a time.
/// </summary>
/// <param name="discovery">Who is asked.</param>
/// <param name="tools">What asking needs.</param>
/// <param name="metrics">Counts how that goes.</param>
/// <param name="before">What counts until there is a first answer.</param>
internal sealed class DiscoveredGroups(
    Discovery discovery, FinderTools tools, PollMetrics metrics, IReadOnlyList<TargetGroup> before) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly IFinder _finder = discovery.Open(tools);
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentDictionary<string, (IReadOnlyList<TargetGroup> Groups, string? Said)> _found = [];
    private Task _refresh = Task.CompletedTask;
    private volatile bool _hasAnswer;
    private DateTimeOffset _due;

    /// <summary>All that was found.</summary>
    public IReadOnlyList<TargetGroup> Groups =>
        _hasAnswer ? [.. discovery.Sources.SelectMany(s => _found.GetValueOrDefault(s).Groups ?? [])] : before;

    /// <summary>Where it stands.</summary>
    public string Place => discovery.Place;

    /// <summary>What is wrong at the moment.</summary>
    public IEnumerable<string> Faults => discovery.Sources.Select(s => _found.GetValueOrDefault(s).Said).OfType<string>();

    /// <summary>Asks again where it is time.</summary>
    public void Look()
    {
        DateTimeOffset now = tools.Time.GetUtcNow();
        if (!_refresh.IsCompleted || now < _due)
            return;
        _due = now + discovery.RefreshInterval;
        _refresh = Task.WhenAll(discovery.Sources.Select(s => Task.Run(() => RefreshAsync(s))));
    }

    public void Dispose()
    {
        _ended.Cancel();
        _ = _refresh.ContinueWith(
            _ =>
            {
                _finder.Dispose();
                _ended.Dispose();
            }, TaskScheduler.Default);
    }

    private async Task RefreshAsync(string source)
    {
        using var limit = new CancellationTokenSource(s_patience, tools.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _ended.Token);
        try
        {
            var leftOut = new List<string>();
            IReadOnlyList<TargetGroup> groups = await _finder.FindAsync(source, leftOut, either.Token);
            string? said = leftOut.Count == 0 ? null : $"{leftOut.Count} targets are not taken: {string.Join("; ", leftOut.Take(10))}";
            _found[source] = (groups, said is null ? null : $"{source}: {said}");
            _hasAnswer = true;
            metrics.Discoveries.WithLabels(discovery.Mechanism, "success").Inc();
        }
        catch (Exception) when (_ended.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            string reason = limit.IsCancellationRequested ? "no complete answer within 1m"
                : e is HttpRequestException { InnerException: { } inner } ? $"{e.Message} ({inner.Message})" : e.Message;
            (IReadOnlyList<TargetGroup> Groups, string? Said) known = _found.GetValueOrDefault(source);
            string kept = (_hasAnswer ? known.Groups : before) is { Count: > 0 } ? ", those it had before stay" : "";
            _found[source] = (known.Groups ?? [], $"{source} gives no targets{kept}: {reason}");
            metrics.Discoveries.WithLabels(discovery.Mechanism, "failure").Inc();
        }
    }
}
