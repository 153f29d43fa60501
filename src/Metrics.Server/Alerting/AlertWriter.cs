using System.Threading.Channels;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Scheduling;

namespace Metrics.Alerting;

/// <summary>
/// The one hand that writes the state of alerts: with each look it takes what rounds of rules changed and what others sent, and commits all
/// of it at once, with the messages about it, before anybody is notified. While the database is slow, rounds wait in a bounded queue, then
/// those who bring them. It stops after the rule engine: what is queued is still written.
/// </summary>
internal sealed partial class AlertWriter(
    AlertPersistence persistence, AlertInbox inbox, ExternalAlerts external, AlertMetrics metrics, TimeProvider time,
    ILogger<AlertWriter> log) : BackgroundService, IEvaluationSink
{
    internal const int QueueCapacity = 64;

    /// <summary>Lines of the log a group; the history has all.</summary>
    private const int LoggedChanges = 100;

    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly WakeSignal _wake = new(time);
    private bool _isRestored;

    /// <summary>Changes of alerts that were taken, and where they are, for the ledger.</summary>
    private long _taken;
    private long _queued;
    private long _writing;
    private long _written;
    private long _lastLook;

    private abstract record Work
    {
        internal sealed record Note(GroupEvaluation Evaluation) : Work;

        internal sealed record Restore(IReadOnlyList<GroupRunner> Groups, Timestamp At, TaskCompletionSource Done) : Work;
    }

    /// <summary>
    /// When it last looked round and wrote what was due, as <see cref="TimeProvider.GetTimestamp"/> has it; a database that does not answer
    /// holds it up.
    /// </summary>
    public long LastLook => Volatile.Read(ref _lastLook);

    /// <inheritdoc />
    public async Task RestoreAsync(IReadOnlyList<GroupRunner> groups, Timestamp at, CancellationToken ct)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Work.Restore(groups, at, done), ct);
        _wake.Wake();
        await done.Task.WaitAsync(ct);
    }

    /// <inheritdoc />
    public async ValueTask TakeAsync(GroupEvaluation evaluation, CancellationToken ct)
    {
        // Most rounds change nothing; only what is expected is remembered even so.
        if (evaluation.Changes.Count == 0 && evaluation.Group.Alerting.All(r => r.Memory is not AbsenceMemory))
            return;
        await _queue.Writer.WriteAsync(new Work.Note(evaluation), ct);
        Interlocked.Add(ref _taken, evaluation.Changes.Count);
        Interlocked.Add(ref _queued, evaluation.Changes.Count);
        _wake.Wake();
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.BeforeCollect(() =>
        {
            metrics.Queue.Set(_queue.Reader.Count);
            metrics.External.Set(external.Count);
        });
        metrics.Ledger.Open("alerts", () =>
        {
            long accounted = Interlocked.Read(ref _written) + Interlocked.Read(ref _writing) + Interlocked.Read(ref _queued);
            return Interlocked.Read(ref _taken) - accounted;
        });
        inbox.Arrived += _wake.Wake;
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (true)
        {
            // Looked at before the queue: what was put in before the end is still written.
            bool isLast = stoppingToken.IsCancellationRequested;
            long look = time.GetTimestamp();
            // One that fails is none: the dead man's switch must know.
            if (await metrics.Faults.GuardAsync("alerting", WriteDueAsync, time, stoppingToken))
                Volatile.Write(ref _lastLook, look);
            if (isLast)
                return;
            await _wake.WaitAsync(_isRestored ? persistence.NextDue : Timestamp.Never, stoppingToken);
        }
    }

    private Task WriteDueAsync()
    {
        WriteQueued();
        if (_isRestored)
            persistence.Flush(Now());
        return Task.CompletedTask;
    }

    private void WriteQueued()
    {
        List<GroupEvaluation> waiting = [];
        for (int taken = 0; taken < QueueCapacity && _queue.Reader.TryRead(out Work? work); taken++)
        {
            switch (work)
            {
                case Work.Note note:
                    waiting.Add(note.Evaluation);
                    break;
                case Work.Restore restore:
                    Restore(restore, waiting);
                    waiting.Clear();
                    break;
            }
        }
        Write(waiting);
    }

    private void Write(List<GroupEvaluation> rounds)
    {
        // Before anything is restored nothing is evaluated, and what others send waits.
        if (!_isRestored)
            return;
        Take(rounds);
        foreach (IGrouping<GroupRunner, GroupEvaluation> group in rounds.GroupBy(e => e.Group))
            Log(group.Key, [.. group.SelectMany(r => r.Changes)]);
        foreach (GroupEvaluation round in rounds.Where(r => r.Arrived > 0 && r.Changes.Count > 0))
            metrics.Latency.Observe(time.GetElapsedTime(round.Arrived).TotalSeconds);
    }

    private void Take(List<GroupEvaluation> rounds)
    {
        int changes = rounds.Sum(r => r.Changes.Count);
        Interlocked.Exchange(ref _writing, changes);
        Interlocked.Add(ref _queued, -changes);
        try
        {
            persistence.Take(rounds, Now());
            Interlocked.Add(ref _written, changes);
        }
        finally
        {
            Interlocked.Exchange(ref _writing, 0);
        }
    }

    /// <summary>What the log says is committed: a kill right after it loses none of it.</summary>
    private void Log(GroupRunner group, List<(AlertRuleState Rule, AlertChange Change)> changes)
    {
        foreach ((AlertRuleState rule, AlertChange change) in changes.Take(LoggedChanges))
            LogChange(rule.Rule.Name, change.Alert.Series.ToString(), change.Before.Name, change.Alert.State.Name);
        if (changes.Count > LoggedChanges)
            LogMore(changes.Count - LoggedChanges, group.Group.Name);
    }

    /// <summary>Whoever starts rules, or puts others in force, hears what went wrong, and does it again.</summary>
    private void Restore(Work.Restore restore, List<GroupEvaluation> before)
    {
        try
        {
            Write(before);
            persistence.Restore(restore.Groups, restore.At);
            _isRestored = true;
            restore.Done.SetResult();
        }
        catch (Exception e)
        {
            restore.Done.SetException(e);
            throw;
        }
    }

    private Timestamp Now() => Timestamp.Of(time.GetUtcNow());

    [LoggerMessage(Level = LogLevel.Information, Message = "Alert {Rule} {Series}: {Before} → {After}")]
    private partial void LogChange(string rule, string series, string before, string after);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Changes} more alerts of the group {Group} changed; metricsd explain has each")]
    private partial void LogMore(int changes, string group);
}
