using System.Threading.Channels;
using Metrics.Scheduling;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>
/// Alerts that others send, on their way to the thread that writes alerts. Who sends is answered when they are committed; while too many
/// wait, senders wait too.
/// </summary>
internal sealed class AlertInbox(TimeProvider time)
{
    private const int Waiting = 64;

    private readonly Channel<AlertBatch> _batches = Channel.CreateBounded<AlertBatch>(
        new BoundedChannelOptions(Waiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Alerts of one request.</summary>
    internal sealed record AlertBatch(IReadOnlyList<SentAlert> Alerts)
    {
        /// <summary>Completed when they are committed.</summary>
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Raised when something has come.</summary>
    public event Action? Arrived;

    /// <summary>Hands over alerts and waits until they are committed, for no longer than a request may.</summary>
    /// <exception cref="StateUnavailableException">They could not be written in time; to send them again is right in any case.</exception>
    public async Task PutAsync(IReadOnlyList<SentAlert> alerts, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(StateLane.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
        // Their senders' clocks are likely the system's; where ours has not followed that, the same moment has another name here.
        TimeSpan ahead = SteadyClock.AheadOf(time);
        var batch = new AlertBatch(ahead == TimeSpan.Zero ? alerts : [.. alerts.Select(a => a.LaterBy(ahead))]);
        try
        {
            await _batches.Writer.WriteAsync(batch, either.Token);
            Arrived?.Invoke();
            await batch.Done.Task.WaitAsync(either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new StateUnavailableException("Alerts cannot be written now. Send them again later.", e);
        }
    }

    /// <summary>Everything that waits.</summary>
    public List<AlertBatch> TakeAll()
    {
        var batches = new List<AlertBatch>();
        while (batches.Count < Waiting && _batches.Reader.TryRead(out AlertBatch? batch))
            batches.Add(batch);
        return batches;
    }
}
