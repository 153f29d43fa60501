using System.Threading.Channels;

namespace Metrics.Alerting;

/// <summary>Alerts that others send, on their way to the rule engine's thread. Who sends is answered when they are committed; while too many wait, senders wait too.</summary>
internal sealed class AlertInbox
{
    private const int Waiting = 64;

    private readonly Channel<AlertBatch> _parcels = Channel.CreateBounded<AlertBatch>(new BoundedChannelOptions(Waiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Alerts of one request.</summary>
    internal sealed record AlertBatch(IReadOnlyList<SentAlert> Alerts)
    {
        /// <summary>Completed when they are committed.</summary>
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Told when something has come.</summary>
    public event Action? Arrived;

    /// <summary>Hands over alerts and waits until they are committed.</summary>
    public async Task PutAsync(IReadOnlyList<SentAlert> alerts, CancellationToken ct)
    {
        var parcel = new AlertBatch(alerts);
        await _parcels.Writer.WriteAsync(parcel, ct);
        Arrived?.Invoke();
        await parcel.Done.Task.WaitAsync(ct);
    }

    /// <summary>Everything that waits.</summary>
    public List<AlertBatch> TakeAll()
    {
        var parcels = new List<AlertBatch>();
        while (parcels.Count < Waiting && _parcels.Reader.TryRead(out AlertBatch? parcel))
            parcels.Add(parcel);
        return parcels;
    }
}
