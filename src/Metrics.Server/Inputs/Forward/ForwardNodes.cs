using System.Collections.Concurrent;
using System.Net;
using Metrics.Formats.Forward;
using Metrics.Inputs.Push;
using Metrics.Intake;
using Metrics.Model;
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

    /// <summary>How often it is stored when nodes were heard of.</summary>
    private static readonly TimeSpan s_saveInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, ForwardNode> _nodes = new();
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly Dictionary<string, long> _saved = [];
    private volatile bool _isLoaded;

    /// <summary>Lets one in that says it is a node.</summary>
    /// <returns>The node, or why it is not let in.</returns>
    /// <exception cref="StoreException">What is known of nodes cannot be read now.</exception>
    public async Task<(ForwardNode? Node, PushRefusal Refusal)> EnterAsync(ForwardHeader header, IPAddress? from, CancellationToken ct)
    {
        await LoadAsync(ct);
        if (!_nodes.TryGetValue(header.Node, out ForwardNode? node))
        {
            if (_nodes.Count >= MaxNodes)
                return (null, new PushRefusal(StatusCodes.Status403Forbidden, $"there are {MaxNodes} nodes; more are not taken"));
            node = _nodes.GetOrAdd(header.Node, static name => new ForwardNode(name));
        }
        if (node.PlaceIn(header.Log) is null && await EventLogName.FindAsync(events, ct) == header.Log)
            return (null, Conflict(node, "this is the very metricsd that sends (forward.url)"));
        if (node.Enter(header, from, time) is { } taken)
            return (null, Conflict(node, taken));
        return (node, default);
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
        (string Name, long At)[] heard = [.. _nodes.Values.Select(n => (n.Name, n.SeenAt)).Where(IsNews)];
        if (heard.Length == 0)
            return;
        var batch = new EventBatch(ForwardPlaces.Source, 1);
        foreach ((string name, long at) in heard)
            batch.Add(ForwardPlaces.SeenOf(name, at));
        await intake.CommitAsync(batch, ct);
        foreach ((string name, long at) in heard)
            _saved[name] = at;

        bool IsNews((string Name, long At) one) => one.At > 0 && _saved.GetValueOrDefault(one.Name) != one.At;
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

    private PushRefusal Conflict(ForwardNode node, string why)
    {
        metrics.Conflicts.WithLabels(node.Name).Inc();
        return new PushRefusal(StatusCodes.Status409Conflict, why);
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
                    NodeOf(position.Key).SeenAt = _saved[position.Key] = at;
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
