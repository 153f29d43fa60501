using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Inputs.Push;

/// <summary>The events of one push while it is read: within the memory that there is for pushes, and of whom the sender may send.</summary>
/// <param name="batch">Where they go.</param>
/// <param name="binding">Of whom alone the sender may send; null is of anybody.</param>
/// <param name="body">Holds the memory.</param>
/// <param name="refused">Counts events of others.</param>
internal sealed class PushedEvents(EventBatch batch, SenderBinding? binding, PushBody body, Counter refused)
{
    private const int BytesHeldAtOnce = 256 << 10;

    private long _held;

    /// <summary>The events.</summary>
    public EventBatch Batch => batch;

    /// <summary>What is refused of it, the rest being taken.</summary>
    public RefusedLines Refused { get; } = new();

    /// <summary>Why nothing of it is taken; null where it is.</summary>
    public PushRefusal? Refusal { get; private set; }

    /// <summary>Whether there is memory for one more; where there is none, nothing of the push is taken.</summary>
    public bool HasRoom()
    {
        if (batch.Bytes - _held <= BytesHeldAtOnce)
            return true;
        if (!body.TryHold(batch.Bytes - _held))
        {
            Refusal = PushBody.NoMemory;
            return false;
        }
        _held = batch.Bytes;
        return true;
    }

    /// <summary>Takes nothing of it.</summary>
    /// <param name="why">Such as: the body is no JSON.</param>
    public void Refuse(string why) => Refusal = new PushRefusal(StatusCodes.Status400BadRequest, why);

    /// <summary>Judges the event that was added last.</summary>
    /// <returns>What is wrong with it, where it is of somebody of whom the sender may not send; it is taken out then.</returns>
    public string? Bind()
    {
        if (binding?.BindNewest(batch) is not { } fault)
            return null;
        refused.Inc();
        return fault;
    }
}
