using System.Threading.Channels;

namespace Metrics.Alerting;

/// <summary>
/// Alerts that others send, on their way to the thread that writes alerts. Who sends is answered when they are committed; while too many
/// wait, senders wait too.
/// </summary>
internal sealed class AlertInbox
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

    /// <summary>Hands over alerts and waits until they are committed.</summary>
    public async Task PutAsync(IReadOnlyList<SentAlert> alerts, CancellationToken ct)
    {
        var batch = new AlertBatch(alerts);
        await _batches.Writer.WriteAsync(batch, ct);
        Arrived?.Invoke();
        await batch.Done.Task.WaitAsync(ct);
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
