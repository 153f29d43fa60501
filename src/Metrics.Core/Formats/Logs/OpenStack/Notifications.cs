using System.Buffers;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>
/// The notifications of OpenStack's services: Keystone's audit in CADF, the versioned ones of nova and the older ones of all; from a log,
/// on a line of their own, or in the envelope in which they go over the bus.
/// </summary>
/// <remarks>
/// <code>
/// {"message_id": "…", "publisher_id": "identity.ctl-1", "event_type": "identity.authenticate", "payload": {…}, …}
/// {"oslo.version": "2.0", "oslo.message": "{\"message_id\": …}"}
/// </code>
/// https://docs.openstack.org/keystone/latest/admin/event_notifications.html,
/// https://docs.openstack.org/nova/latest/reference/notifications.html
/// </remarks>
public static class Notifications
{
    /// <summary>The format <c>notification</c>: one a line.</summary>
    public static LogFormat Format { get; } = new("notification", TryRead);

    /// <summary>Reads a notification.</summary>
    /// <param name="json">An object; what stands behind it is passed over.</param>
    /// <param name="context">Not used: notifications say their time in UTC.</param>
    /// <param name="record">Gets what it says.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, LogContext context, LogRecord record)
    {
        if (!TryRead(json, record))
            return false;
        record.Set(EventFields.Dataset, Format.Name);
        return true;
    }

    /// <summary>The notification within the envelope in which it goes over the bus, as services write it into a log.</summary>
    /// <param name="json">What came over the bus.</param>
    /// <param name="scratch">Where escapes are taken out to; as long as the envelope is enough.</param>
    /// <returns>The notification; where there is no envelope, all that came.</returns>
    public static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> json, Span<byte> scratch)
    {
        ReadOnlySpan<byte> text = JsonMembers.TryFind(json, "oslo.message"u8, out ReadOnlySpan<byte> message)
            ? JsonMembers.TextOf(message, scratch)
            : default;
        return text.IsEmpty ? json : text;
    }

    /// <summary>Reads a notification, as it stands in a log.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> json, LogRecord record)
    {
        if (!MayBe(json))
            return false;
        Envelope envelope = default;
        if (!TryOpen(json, ref envelope))
            return false;
        if (envelope.Message.IsEmpty)
            return TryReadOpen(envelope, record);
        // On the bus the notification is a text within an object.
        byte[] scratch = ArrayPool<byte>.Shared.Rent(envelope.Message.Length);
        Envelope inner = default;
        bool read = TryOpen(JsonMembers.TextOf(envelope.Message, scratch), ref inner) && inner.Message.IsEmpty
            && TryReadOpen(inner, record);
        ArrayPool<byte>.Shared.Return(scratch);
        return read;
    }

    /// <summary>Whether it holds a name that no notification is without: most objects in logs are others', and not worth a walk.</summary>
    private static bool MayBe(ReadOnlySpan<byte> json) =>
        json.StartsWith("{"u8)
        && (json.IndexOf("\"publisher_id\""u8) >= 0 || json.IndexOf("\"typeURI\""u8) >= 0 || json.IndexOf("\"oslo.message\""u8) >= 0);

    private static bool TryOpen(ReadOnlySpan<byte> json, scoped ref Envelope envelope)
    {
        var members = new JsonMembers(json);
        while (members.MoveNext())
        {
            ReadOnlySpan<byte> name = members.Name;
            if (name.SequenceEqual("event_type"u8))
                envelope.EventType = members.Value;
            else if (name.SequenceEqual("payload"u8))
                envelope.Payload = members.Value;
            else if (name.SequenceEqual("message_id"u8))
                envelope.MessageId = members.Value;
            else if (name.SequenceEqual("publisher_id"u8))
                envelope.Publisher = members.Value;
            else if (name.SequenceEqual("priority"u8))
                envelope.Priority = members.Value;
            else if (name.SequenceEqual("timestamp"u8))
                envelope.Timestamp = members.Value;
            else if (name.SequenceEqual("oslo.message"u8))
                envelope.Message = members.Value;
            else if (name.SequenceEqual("typeURI"u8))
                envelope.TypeUri = members.Value;
            else if (name.StartsWith("_context_"u8))
                ReadContext(name[9..], members.Value, ref envelope);
        }
        // An event of CADF may come without an envelope, as its own payload.
        if (envelope.EventType.IsEmpty && CadfEvent.IsEvent(envelope.TypeUri))
            envelope.Payload = json;
        // One that was cut says too little. Others write an event_type too; a publisher is oslo.messaging's alone.
        bool isOne = !envelope.Payload.IsEmpty && (!envelope.Publisher.IsEmpty || CadfEvent.IsEvent(envelope.TypeUri));
        return members.IsComplete && (isOne || !envelope.Message.IsEmpty);
    }

    private static void ReadContext(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, scoped ref Envelope envelope)
    {
        if (name.SequenceEqual("request_id"u8))
            envelope.RequestId = value;
        else if (name.SequenceEqual("global_request_id"u8))
            envelope.GlobalRequestId = value;
        else if (name.SequenceEqual("user_id"u8) || (name.SequenceEqual("user"u8) && envelope.UserId.IsEmpty))
            envelope.UserId = value;
        else if (name.SequenceEqual("user_name"u8))
            envelope.UserName = value;
        else if (name.SequenceEqual("project_id"u8) || (name.SequenceEqual("tenant"u8) && envelope.ProjectId.IsEmpty))
            envelope.ProjectId = value;
        else if (name.SequenceEqual("remote_address"u8))
            envelope.RemoteAddress = value;
    }

    private static bool TryReadOpen(Envelope envelope, LogRecord record)
    {
        // The type has a place of its own: all others take turns.
        int typeLength = envelope.EventType.Length;
        byte[] scratch = ArrayPool<byte>.Shared.Rent(typeLength + (EventBounds.MaxValueLength * 4));
        ReadOnlySpan<byte> eventType = JsonMembers.TextOf(envelope.EventType, scratch.AsSpan(0, typeLength));
        var fields = new JsonValues(record, scratch.AsSpan(typeLength));
        SetEnvelope(envelope, fields, record);
        record.Set(EventFields.Action, eventType);
        if (!CadfEvent.TryRead(envelope.Payload, eventType, fields, record))
            ResourceNotification.Read(envelope.Payload, eventType, fields, record);
        ArrayPool<byte>.Shared.Return(scratch);
        return true;
    }

    private static void SetEnvelope(Envelope envelope, JsonValues fields, LogRecord record)
    {
        if (LogTimes.TryDate(fields.TextOf(envelope.Timestamp), TimeZoneInfo.Utc, out long time, out _))
            record.Time = time;
        LogLevels.TrySet(record, fields.TextOf(envelope.Priority));
        fields.Set(EventFields.EventId, envelope.MessageId);
        fields.Set(EventFields.RequestId, envelope.RequestId);
        fields.Set(EventFields.GlobalRequestId, envelope.GlobalRequestId);
        fields.Set(EventFields.UserId, envelope.UserId);
        fields.Set(EventFields.UserName, envelope.UserName);
        fields.Set(EventFields.ProjectId, envelope.ProjectId);
        record.SetForwardedSource(fields.TextOf(envelope.RemoteAddress));
        SetPublisher(fields.TextOf(envelope.Publisher), record);
    }

    /// <summary><c>identity.ctl-1</c>, <c>volume.ctl-1@lvm</c>, <c>compute.cmp-1.example.org</c>, <c>nova-compute:cmp-1</c></summary>
    private static void SetPublisher(ReadOnlySpan<byte> publisher, LogRecord record)
    {
        int end = publisher.IndexOf((byte)':');
        if (end < 0)
            end = publisher.IndexOf((byte)'.');
        if (end < 1)
            return;
        ReadOnlySpan<byte> service = publisher[..end], host = publisher[(end + 1)..];
        int backend = host.IndexOf((byte)'@');
        if (!record.Has(EventFields.Host))
            record.Set(EventFields.Host, backend < 0 ? host : host[..backend]);
        if (record.Has(EventFields.Service))
            return;
        if (ServiceOf(service) is { } known)
            record.Set(EventFields.Service, known);
        else
            record.Set(EventFields.Service, service);
    }

    private static string? ServiceOf(ReadOnlySpan<byte> publisher)
    {
        if (publisher.SequenceEqual("identity"u8))
            return "keystone";
        if (publisher.SequenceEqual("compute"u8))
            return "nova-compute";
        if (publisher.SequenceEqual("network"u8))
            return "neutron";
        if (publisher.SequenceEqual("volume"u8) || publisher.SequenceEqual("snapshot"u8) || publisher.SequenceEqual("backup"u8))
            return "cinder";
        if (publisher.SequenceEqual("image"u8))
            return "glance";
        return publisher.SequenceEqual("orchestration"u8) ? "heat" : null;
    }

    /// <summary>The members of a notification that are of use, as they are written.</summary>
    private ref struct Envelope
    {
        public ReadOnlySpan<byte> EventType, GlobalRequestId, Message, MessageId, Payload, Priority, ProjectId, Publisher, RemoteAddress,
            RequestId, Timestamp, TypeUri, UserId, UserName;
    }
}
