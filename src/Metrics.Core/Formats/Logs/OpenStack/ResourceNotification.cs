using System.Collections.Frozen;
using System.Text;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>Notifications of things that were made, changed or deleted, of all services.</summary>
/// <remarks>
/// <code>
/// instance.create.end, flavor.delete           nova, versioned: the payload holds nova_object.data
/// compute.instance.create.end                  nova, the older ones: payload.instance_id
/// port.update.end, floatingip.delete.end       neutron: payload.port.id, payload.floatingip_id
/// floatingip.update.end                        neutron: payload.floatingip.port_id, null where it leads nowhere from now on
/// security_group_rule.create.end               neutron: what it lets through, see SecurityGroupRule
/// instance.power_off.end, volume.detach.end    nova, cinder: a change too
/// volume.create.end, image.delete              cinder: payload.volume_id; glance: payload.id
/// identity.user.disabled                       Keystone, without CADF: payload.resource_info
/// </code>
/// Only the end of what was asked for has changed something; start, error and progress stay a <see cref="EventKinds.Log"/>.
/// </remarks>
internal static class ResourceNotification
{
    private const int MaxTypeLength = 61;

    /// <summary>What services do with a thing, and it is another after that; beside those that say so by their word.</summary>
    private static readonly FrozenSet<string> s_changes = new[]
    {
        "update", "updated", "disabled", "update_metadata", "update_prop", "power_on", "power_off", "reboot", "pause", "unpause", "suspend",
        "resume", "shelve", "shelve_offload", "unshelve", "rescue", "unrescue", "rebuild", "resize", "restore", "soft_delete", "lock",
        "unlock", "attach", "detach", "volume_attach", "volume_detach", "interface_attach", "interface_detach",
    }.ToFrozenSet();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_change =
        s_changes.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Reads one.</summary>
    public static void Read(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> eventType, JsonValues fields, LogRecord record)
    {
        if (eventType.StartsWith("identity."u8))
        {
            if (TrySetIdentity(eventType, record) && JsonMembers.TryFind(payload, "resource_info"u8, out ReadOnlySpan<byte> info))
                fields.Set(EventFields.ResourceId, info);
            return;
        }
        ReadOnlySpan<byte> rest = eventType;
        ReadOnlySpan<byte> phase = LastPart(ref rest);
        bool hasEnded = phase.SequenceEqual("end"u8);
        bool hasFailed = phase.SequenceEqual("error"u8);
        bool hasPhase = hasEnded || hasFailed || phase.SequenceEqual("start"u8) || phase.SequenceEqual("progress"u8);
        ReadOnlySpan<byte> verb = hasPhase ? LastPart(ref rest) : phase;
        ReadOnlySpan<byte> type = LastPart(ref rest);
        if (hasFailed)
            record.Set(EventFields.Outcome, "failure");
        string? kind = hasEnded || !hasPhase ? KindOf(verb) : null;
        // metrics.update and the like are no things.
        if (type.IsEmpty || type.SequenceEqual("metrics"u8))
            return;
        if (!SetThing(payload, type, fields, record) || kind is null)
            return;
        record.Kind = kind;
        record.Set(EventFields.Outcome, "success");
    }

    /// <summary>Sets kind and type from <c>identity.TYPE.created</c> and its like.</summary>
    internal static bool TrySetIdentity(ReadOnlySpan<byte> eventType, LogRecord record)
    {
        ReadOnlySpan<byte> rest = eventType;
        if (!LogText.TryTake(ref rest, "identity."u8))
            return false;
        string? kind = KindOf(LastPart(ref rest));
        if (kind is null || rest.IsEmpty)
            return false;
        record.Set(EventFields.ResourceType, rest);
        if (!record.Has(EventFields.Outcome))
            record.Set(EventFields.Outcome, "success");
        // A password that breaks the rules: the user stays as it was.
        if (record[EventFields.Outcome] == "success")
            record.Kind = kind;
        return true;
    }

    private static string? KindOf(ReadOnlySpan<byte> verb)
    {
        if (verb.SequenceEqual("create"u8) || verb.SequenceEqual("created"u8) || verb.SequenceEqual("import"u8))
            return EventKinds.ResourceCreated;
        if (verb.SequenceEqual("delete"u8) || verb.SequenceEqual("deleted"u8))
            return EventKinds.ResourceDeleted;
        return IsChange(verb) ? EventKinds.ResourceUpdated : null;
    }

    private static bool IsChange(ReadOnlySpan<byte> verb)
    {
        Span<char> letters = stackalloc char[32];
        return verb.Length <= letters.Length && s_change.Contains(letters[..Encoding.ASCII.GetChars(verb, letters)]);
    }

    /// <summary>Sets what the thing is, and whose: where its id stands differs from service to service.</summary>
    /// <returns>Whether it has an id.</returns>
    private static bool SetThing(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> type, JsonValues fields, LogRecord record)
    {
        if (type.Length > MaxTypeLength)
            return false;
        Thing thing = default;
        if (type.SequenceEqual("security_group_rule"u8))
            ReadInner(SecurityGroupRule.Read(payload, fields), ref thing);
        var members = new JsonMembers(payload);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("nova_object.data"u8) || members.Name.SequenceEqual(type))
                ReadInner(members.Value, ref thing);
            else if (members.Name.StartsWith(type) && members.Name[type.Length..].SequenceEqual("_id"u8))
                thing.Id = members.Value;
            else
                Take(members.Name, members.Value, ref thing);
        }
        if (!thing.Fault.IsEmpty && JsonMembers.TryFind(thing.Fault, "nova_object.data"u8, out ReadOnlySpan<byte> fault)
            && JsonMembers.TryFind(fault, "exception_message"u8, out ReadOnlySpan<byte> message))
        {
            thing.Reason = message;
        }
        fields.Set(EventFields.Reason, thing.Reason);
        ReadOnlySpan<byte> id = !thing.Id.IsEmpty ? thing.Id : !thing.PlainId.IsEmpty ? thing.PlainId : thing.Name;
        if (fields.TextOf(id).IsEmpty)
            return false;
        record.Set(EventFields.ResourceType, type);
        fields.Set(EventFields.ResourceId, id);
        if (type.SequenceEqual("instance"u8))
            fields.Set(EventFields.InstanceId, id);
        if (type.SequenceEqual("floatingip"u8))
            fields.Set(EventFields.PortId, thing.PortId);
        SetProject(thing.Project, fields, record);
        // Whoever owns it need not be who has done this.
        fields.Set(EventFields.UserId, thing.Initiator);
        fields.Set(EventFields.RequestId, thing.RequestId);
        // A service's own host and name say more than those of the API that tells of it.
        ReadOnlySpan<byte> host = fields.TextOf(thing.Host);
        // Cinder adds backend and pool.
        record.Set(EventFields.Host, host.IndexOf((byte)'@') is >= 0 and var backend ? host[..backend] : host);
        fields.Set(EventFields.Service, thing.Binary);
        return true;
    }

    /// <summary>The project that it is about; who acts in another's name does it for all to see.</summary>
    private static void SetProject(ReadOnlySpan<byte> value, JsonValues fields, LogRecord record)
    {
        ReadOnlySpan<byte> owner = fields.TextOf(value), actor = record.Bytes(EventFields.ProjectId);
        if (owner.IsEmpty)
            return;
        if (!actor.IsEmpty && !actor.SequenceEqual(owner))
            record.Set(EventFields.UserProjectId, Encoding.UTF8.GetString(actor));
        record.Set(EventFields.ProjectId, owner);
    }

    private static void ReadInner(ReadOnlySpan<byte> inner, scoped ref Thing thing)
    {
        var members = new JsonMembers(inner);
        while (members.MoveNext())
            Take(members.Name, members.Value, ref thing);
    }

    private static void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, scoped ref Thing thing)
    {
        if (name.SequenceEqual("uuid"u8) || name.SequenceEqual("flavorid"u8))
            thing.Id = value;
        else if (name.SequenceEqual("id"u8))
            thing.PlainId = value;
        else if (name.SequenceEqual("name"u8))
            thing.Name = value;
        else if (name.SequenceEqual("project_id"u8) || name.SequenceEqual("tenant_id"u8) || name.SequenceEqual("owner"u8))
            thing.Project = value;
        else if (name.SequenceEqual("action_initiator_user"u8))
            thing.Initiator = value;
        else if (name.SequenceEqual("request_id"u8))
            thing.RequestId = value;
        else if (name.SequenceEqual("exception_message"u8) || name.SequenceEqual("disabled_reason"u8))
            thing.Reason = value;
        else if (name.SequenceEqual("fault"u8))
            thing.Fault = value;
        else if (name.SequenceEqual("port_id"u8))
            thing.PortId = value;
        else if (name.SequenceEqual("host"u8))
            thing.Host = value;
        else if (name.SequenceEqual("binary"u8))
            thing.Binary = value;
    }

    /// <summary>Takes what stands behind the last dot off the end.</summary>
    private static ReadOnlySpan<byte> LastPart(scoped ref ReadOnlySpan<byte> rest)
    {
        int dot = rest.LastIndexOf((byte)'.');
        ReadOnlySpan<byte> part = rest[(dot + 1)..];
        rest = dot < 0 ? default : rest[..dot];
        return part;
    }

    /// <summary>The members that are of use, as they are written.</summary>
    private ref struct Thing
    {
        public ReadOnlySpan<byte> Binary, Fault, Host, Id, Initiator, Name, PlainId, PortId, Project, Reason, RequestId;
    }
}
