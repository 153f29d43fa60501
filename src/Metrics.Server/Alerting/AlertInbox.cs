using System.Threading.Channels;

namespace Metrics.Alerting;

/// <summary>Alerts that others send, on their way to the rule engine's thread. Who sends is answered when they are committed; while too many wait, senders wait too.</summary>
internal sealed class AlertInbox
{
    private const int Waiting = 64;

    private readonly Channel<Parcel> _parcels = Channel.CreateBounded<Parcel>(new BoundedChannelOptions(Waiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Alerts of one request.</summary>
    internal sealed record Parcel(IReadOnlyList<SentAlert> Alerts)
    {
        /// <summary>Completed when they are committed.</summary>
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Told when something has come.</summary>
    public event Action? Arrived;

    /// <summary>Hands over alerts and waits until they are committed.</summary>
    public async Task PutAsync(IReadOnlyList<SentAlert> alerts, CancellationToken ct)
    {
        var parcel = new Parcel(alerts);
        await _parcels.Writer.WriteAsync(parcel, ct);
        Arrived?.Invoke();
        await parcel.Done.Task.WaitAsync(ct);
    }

    /// <summary>Everything that waits.</summary>
    public List<Parcel> TakeAll()
    {
        var parcels = new List<Parcel>();
        while (parcels.Count < Waiting && _parcels.Reader.TryRead(out Parcel? parcel))
            parcels.Add(parcel);
        return parcels;
    }
}
