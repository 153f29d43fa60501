using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>
/// Writes what happened to alerts, a moment later: no alert waits for its own explanation. What is said in the last second before a kill -9
/// may be missing from a history; messages and states never are. Safe for use by several threads.
/// </summary>
internal sealed class HistoryWriter(StateStore state, AlertMetrics metrics, TimeProvider time) : BackgroundService
{
    private const int Bound = 500_000;
    private const int RowsAtOnce = 200;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Who wants to read waits this long for what is not written yet, and then reads what is.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(300);

    private readonly Lock _lock = new();
    private Task _flushing = Task.CompletedTask;
    private Queue<HistoryEntry> _rows = new();

    /// <summary>Whether messages are being written just now, and history had better wait.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Takes a row; when there are too many it is counted and given up.</summary>
    public void Add(HistoryEntry row)
    {
        lock (_lock)
        {
            if (_rows.Count < Bound)
                _rows.Enqueue(row);
            else
                metrics.HistoryDropped.Inc();
        }
    }

    /// <summary>Has what waits written, for those who want to read it; a state that cannot be written now keeps nobody waiting.</summary>
    public async Task FlushAsync() =>
        await Begin().WaitAsync(s_patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Writes on a thread of its own, as long as it takes; to begin while it runs is to wait for it.</summary>
    private Task Begin()
    {
        lock (_lock)
        {
            if (_rows.Count > 0 && _flushing.IsCompleted)
            {
                _flushing = Task.Factory.StartNew(
                    () => metrics.Faults.Guard("history", WriteAll, time), CancellationToken.None, TaskCreationOptions.LongRunning,
                    TaskScheduler.Default);
            }
            return _flushing;
        }
    }

    private void WriteAll()
    {
        for (Queue<HistoryEntry> rows = TakeAll(); rows.Count > 0; rows = TakeAll())
        {
            while (rows.Count > 0)
                state.Write(writer => Write(writer, rows));
        }
    }

    private Queue<HistoryEntry> TakeAll()
    {
        lock (_lock)
        {
            Queue<HistoryEntry> rows = _rows;
            _rows = new Queue<HistoryEntry>();
            return rows;
        }
    }

    private static void Write(StateWriter writer, Queue<HistoryEntry> rows)
    {
        var fired = new Dictionary<string, long>();
        for (int i = 0; i < RowsAtOnce && rows.TryDequeue(out HistoryEntry? row); i++)
        {
            writer.Save(row);
            if (row is AlertStepRow { State: HistoryRows.Firing } step)
                fired[step.Rule] = step.At;
        }
        foreach ((string rule, long at) in fired)
            writer.Save(new RuleFiringRow { Rule = rule, FiredAt = at });
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Messages go first.
            if (!IsBusy || _rows.Count > Bound / 2)
                await Begin();
        }
    }
}
