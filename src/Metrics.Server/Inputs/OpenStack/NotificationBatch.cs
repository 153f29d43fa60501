using System.Text;
using Metrics.Formats.Logs;
using Metrics.Formats.Logs.OpenStack;
using Metrics.Model;

namespace Metrics.Inputs.OpenStack;

/// <summary>Makes events of messages, each once. One thread at a time.</summary>
/// <param name="options">The input's.</param>
/// <param name="seen">The messages that were events before.</param>
/// <param name="counters">The input's.</param>
/// <param name="time">The clock.</param>
internal sealed class NotificationBatch(NotificationsOptions options, SeenMessages seen, InputCounters counters, TimeProvider time)
{
    /// <summary>Of what is no notification no more is decoded: a character has four bytes at most.</summary>
    private const int MaxTextBytes = EventBounds.MaxBodyLength * 4;

    private static readonly LogContext s_context = new(TimeZoneInfo.Utc);

    private readonly LogReader _reader = new([Notifications.Format], s_context);
    private readonly LogRecord _record = new();
    private readonly OpenBatch _batch = new(options.Name);
    private byte[] _scratch = [];

    /// <summary>Whether it is to be handed on before more is added.</summary>
    public bool IsFull => _batch.IsFull;

    /// <summary>The message that was added last, which acknowledges those before it too.</summary>
    public ulong LastTag { get; private set; }

    /// <summary>Adds a message: one that is no notification as its text, one that was added before not again.</summary>
    public void Add(in Delivery delivery)
    {
        LastTag = delivery.Tag;
        counters.AddBytes(delivery.Body.Length);
        if (_scratch.Length < delivery.Body.Length)
            _scratch = new byte[delivery.Body.Length];
        ReadOnlySpan<byte> text = Notifications.TextOf(delivery.Body, _scratch);
        bool isOne = _reader.Read(text, _record);
        ReadOnlySpan<byte> id = isOne ? _record.Bytes(EventFields.EventId) : default;
        long now = time.GetUnixNanoseconds();
        // Texts without an id may well be sent twice.
        if (!seen.Add(id.IsEmpty ? delivery.Body : id, now) && (!id.IsEmpty || delivery.IsRepeated))
        {
            counters.Add(InputDrop.Repeated);
            return;
        }
        if (!isOne)
            text = delivery.Body;
        if (text.Length > EventBounds.MaxBodyLength)
            counters.Add(InputError.TooLong);
        _record.AddTo(_batch.Events, now, Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxTextBytes)]), text.Length);
        if (isOne)
            return;
        counters.Add(InputError.Malformed);
        _batch.Events.AddField(EventFields.Service, delivery.Exchange);
    }

    /// <summary>What was added since the last call, or null; whoever gets it disposes it.</summary>
    public EventBatch? Take()
    {
        EventBatch? batch = _batch.Take();
        if (batch is not null)
            seen.AddTo(batch);
        return batch;
    }
}
