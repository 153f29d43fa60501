using System.Collections.Concurrent;
using System.Net;
using Metrics.Formats.Forward;
using Metrics.Inputs.Push;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.Forwarding;

namespace Metrics.Inputs.Forward;

/// <summary>
/// The nodes that forward to this centre, remembered over its restarts: a node that fell silent before is missed after it too. Safe for use
/// by several threads.
/// </summary>
internal sealed partial class ForwardNodes(
    EventLog events, IntakePipeline intake, ForwardNodeMetrics metrics, TimeProvider time, ILogger<ForwardNodes> log)
    : BackgroundService
{
    /// <summary>Nodes that there may be.</summary>
    internal const int MaxNodes = 4_096;

    /// <summary>A node that was not heard of for as long is shown no more; how far it has sent stays known.</summary>
    private static readonly TimeSpan s_shownFor = TimeSpan.FromDays(7);

    /// <summary>One that was not heard of for as long is forgotten where there would be too many.</summary>
    private static readonly TimeSpan s_keptFor = TimeSpan.FromDays(30);

    /// <summary>How often it is stored when nodes were heard of.</summary>
    private static readonly TimeSpan s_saveInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, ForwardNode> _nodes = new();
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly Lock _entering = new();
    private volatile bool _isLoaded;

    /// <summary>Lets one in that says it is a node.</summary>
    /// <returns>The node, or why it is not let in.</returns>
    /// <exception cref="StoreException">What is known of nodes cannot be read now.</exception>
    public async Task<(ForwardNode? Node, PushRefusal Refusal)> EnterAsync(ForwardHeader header, IPAddress? from, CancellationToken ct)
    {
        await LoadAsync(ct);
        bool isKnown = _nodes.TryGetValue(header.Node, out ForwardNode? known);
        if (known?.PlaceIn(header.Log) is null && await EventLogName.FindAsync(events, ct) == header.Log)
            return (null, new PushRefusal(StatusCodes.Status409Conflict, "this is the very metricsd that sends (forward.url)"));
        if (!isKnown && _nodes.Count >= MaxNodes)
            await ForgetAsync(ct);
        lock (_entering)
        {
            if (!_nodes.TryGetValue(header.Node, out ForwardNode? node) && _nodes.Count >= MaxNodes)
                return (null, new PushRefusal(StatusCodes.Status403Forbidden, $"there are {MaxNodes} nodes; more are not taken"));
            node ??= NodeOf(header.Node);
            if (node.Enter(header, from, time) is not { } taken)
                return (node, default);
            metrics.Conflicts.WithLabels(node.Name).Inc();
            return (null, new PushRefusal(StatusCodes.Status409Conflict, taken));
        }
    }

    /// <summary>Reads again how far a node has sent, where that is not known after a commit that failed. The caller has its turn.</summary>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    public async Task ReadAgainAsync(ForwardNode node, CancellationToken ct)
    {
        foreach ((string name, string log, long place) in await PlacesAsync(ct))
        {
            if (name == node.Name)
                node.Set(log, place);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(() => SaveAsync(cancellationToken), cancellationToken);
    }

    /// <summary>Stores when nodes were heard of, where that is another time than was stored.</summary>
    /// <exception cref="StoreException">It cannot be written now.</exception>
    internal async Task SaveAsync(CancellationToken ct)
    {
        (ForwardNode Node, long At)[] heard = [.. _nodes.Values.Select(n => (n, n.SeenAt)).Where(h => h.SeenAt != h.n.StoredSeenAt)];
        if (heard.Length == 0)
            return;
        var batch = new EventBatch(ForwardPlaces.Source, 1);
        foreach ((ForwardNode node, long at) in heard)
            batch.Add(ForwardPlaces.SeenOf(node.Name, at));
        await intake.CommitAsync(batch, ct);
        foreach ((ForwardNode node, long at) in heard)
            node.StoredSeenAt = at;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        metrics.BeforeCollect(Report);
        await TryAsync(() => LoadAsync(stoppingToken), stoppingToken);
        using var beat = new PeriodicTimer(s_saveInterval, time);
        while (await beat.WaitForNextTickAsync(stoppingToken))
            await TryAsync(() => SaveAsync(stoppingToken), stoppingToken);
    }

    private Task TryAsync(Func<Task> work, CancellationToken ct) => metrics.Faults.GuardAsync("forward", async () =>
    {
        try
        {
            await work();
        }
        catch (StoreException e)
        {
            LogFailed(e.Message);
        }
    }, time, ct);

    /// <summary>Makes room where there is none: what was not heard of for long goes.</summary>
    private async Task ForgetAsync(CancellationToken ct)
    {
        if (!SteadyClock.IsTrusted(time))
            return;
        long oldest = (time.GetUtcNow() - s_keptFor).ToUnixTimeMilliseconds();
        var batch = new EventBatch(ForwardPlaces.Source, 1);
        lock (_entering)
        {
            foreach (ForwardNode node in _nodes.Values.Where(n => n.SeenAt < oldest))
            {
                _nodes.TryRemove(node.Name, out _);
                metrics.Forget(node.Name);
                batch.Add(ForwardPlaces.SeenOf(node.Name, null));
                foreach (string known in node.Logs)
                    batch.Add(ForwardPlaces.Of(node.Name, known, null));
            }
        }
        if (batch.Positions.Count > 0)
            await intake.CommitAsync(batch, ct);
        else
            batch.Dispose();
    }

    private async Task LoadAsync(CancellationToken ct)
    {
        if (_isLoaded)
            return;
        await _loading.WaitAsync(ct);
        try
        {
            if (_isLoaded)
                return;
            foreach ((string name, string log, long place) in await PlacesAsync(ct))
                NodeOf(name).Set(log, place);
            foreach (SourcePosition position in await events.PositionsAsync(ForwardPlaces.SeenSource, ct))
            {
                if (ForwardPlaces.TryReadNumber(position.State, out long at))
                {
                    ForwardNode node = NodeOf(position.Key);
                    (node.SeenAt, node.StoredSeenAt) = (at, at);
                }
            }
            _isLoaded = true;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Those of older logs first: an id is a time.</summary>
    private async Task<IEnumerable<(string Node, string Log, long Place)>> PlacesAsync(CancellationToken ct) =>
        (await events.PositionsAsync(ForwardPlaces.Source, ct)).Select(ForwardPlaces.Read).OfType<(string Node, string Log, long Place)>()
            .OrderBy(p => p.Place);

    private ForwardNode NodeOf(string name) => _nodes.GetOrAdd(name, static n => new ForwardNode(n));

    private void Report()
    {
        long oldest = (time.GetUtcNow() - s_shownFor).ToUnixTimeMilliseconds();
        foreach (ForwardNode node in _nodes.Values)
        {
            if (node.SeenAt >= oldest)
                metrics.Show(node);
            else
                metrics.Hide(node.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is known of the nodes that forward cannot be read or written now: {Reason}")]
    private partial void LogFailed(string reason);
}
