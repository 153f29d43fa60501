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

    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
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

    /// <summary>Writes what waits; for those who want to read it.</summary>
    public void Flush()
    {
        lock (_writing)
        {
            Queue<HistoryEntry> rows;
            lock (_lock)
                (rows, _rows) = (_rows, new Queue<HistoryEntry>());
            while (rows.Count > 0)
            {
                state.Write(writer => Write(writer, rows));
            }
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
                metrics.Faults.Guard("history", Flush, time);
        }
    }
}
