using Metrics.Model;
using Metrics.Text;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>Events of audit in CADF, as Keystone and the audit middleware of all APIs make them.</summary>
/// <remarks>
/// <code>
/// {"typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "action": "authenticate", "outcome": "failure", "initiator": {…}, …}
/// </code>
/// https://docs.openstack.org/pycadf/latest/specification/, keystone/notifications.py
/// </remarks>
internal static class CadfEvent
{
    /// <summary>Whether a value of <c>typeURI</c> says that it is an event of CADF.</summary>
    public static bool IsEvent(ReadOnlySpan<byte> typeUri) => typeUri.Length > 2 && typeUri[..^1].EndsWith("/cloud/audit/1.0/event"u8);

    /// <summary>Reads a payload that is one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> eventType, JsonValues fields, LogRecord record)
    {
        Parts parts = default;
        var members = new JsonMembers(payload);
        while (members.MoveNext())
            Take(members.Name, members.Value, ref parts);
        if (!IsEvent(parts.TypeUri))
            return false;
        if (record.Time is null && LogTimes.TryDate(fields.TextOf(parts.EventTime), TimeZoneInfo.Utc, out long time, out _))
            record.Time = time;
        if (!record.Has(EventFields.EventId))
            SetId(EventFields.EventId, parts.Id, fields, record);
        if (eventType.IsEmpty)
            fields.Set(EventFields.Action, parts.Action);
        SetOutcome(parts.Outcome, record);
        ReadInitiator(parts.Initiator, fields, record);
        ReadOnlySpan<byte> reason = fields.TextOf(ReadReason(parts.Reason, fields, record));
        // Whoever is not known has no name of its own here.
        if (!record.Has(EventFields.UserName))
            OsloIdentity.SetUser(reason, record);
        if (JsonMembers.Is(parts.Action, "authenticate"u8))
            SetAuthenticate(parts, reason, fields, record);
        else if (eventType.StartsWith("audit.http.re"u8))
            SetHttp(parts, eventType, fields, record);
        else if (eventType.StartsWith("identity."u8))
            SetIdentity(parts, eventType, fields, record);
        return true;
    }

    private static void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, scoped ref Parts parts)
    {
        if (name.SequenceEqual("typeURI"u8))
            parts.TypeUri = value;
        else if (name.SequenceEqual("action"u8))
            parts.Action = value;
        else if (name.SequenceEqual("outcome"u8))
            parts.Outcome = value;
        else if (name.SequenceEqual("initiator"u8))
            parts.Initiator = value;
        else if (name.SequenceEqual("target"u8))
            parts.Target = value;
        else if (name.SequenceEqual("reason"u8))
            parts.Reason = value;
        else if (name.SequenceEqual("eventTime"u8))
            parts.EventTime = value;
        else if (name.SequenceEqual("id"u8))
            parts.Id = value;
        else if (name.SequenceEqual("resource_info"u8))
            parts.ResourceInfo = value;
        else if (name.SequenceEqual("requestPath"u8))
            parts.RequestPath = value;
        else if (name.SequenceEqual("role"u8))
            parts.Role = value;
        else if (name.SequenceEqual("project"u8))
            parts.Project = value;
        else if (name.SequenceEqual("user"u8))
            parts.User = value;
        else if (name.SequenceEqual("attachments"u8))
            parts.Attachments = value;
    }

    private static void SetOutcome(ReadOnlySpan<byte> outcome, LogRecord record)
    {
        if (JsonMembers.Is(outcome, "success"u8))
            record.Set(EventFields.Outcome, "success");
        else if (JsonMembers.Is(outcome, "failure"u8))
            record.Set(EventFields.Outcome, "failure");
        else if (!outcome.IsEmpty)
            record.Set(EventFields.Outcome, "unknown");
    }

    /// <summary>One event an attempt; before its outcome is known (<c>pending</c>) nothing has happened.</summary>
    private static void SetAuthenticate(Parts parts, ReadOnlySpan<byte> reason, JsonValues fields, LogRecord record)
    {
        if (JsonMembers.Is(parts.Outcome, "success"u8) || JsonMembers.Is(parts.Outcome, "failure"u8))
            record.Kind = OsloIdentity.IsLockout(reason) ? EventKinds.IdentityLockout : EventKinds.IdentityAuthenticate;
        // [security_compliance] report_invalid_password_hash
        fields.Set(EventFields.Fingerprint, CadfAttachments.Find(parts.Attachments, "partial_password_hash"u8));
    }

    private static void SetHttp(Parts parts, ReadOnlySpan<byte> eventType, JsonValues fields, LogRecord record)
    {
        fields.Set(EventFields.Url, parts.RequestPath);
        fields.Set(EventFields.Action, parts.Action);
        // Each request is reported twice: with its answer, and before.
        if (eventType.SequenceEqual("audit.http.response"u8))
            record.Kind = EventKinds.HttpRequest;
    }

    /// <summary><c>identity.project.created</c>, <c>identity.role_assignment.deleted</c></summary>
    private static void SetIdentity(Parts parts, ReadOnlySpan<byte> eventType, JsonValues fields, LogRecord record)
    {
        if (!ResourceNotification.TrySetIdentity(eventType, record))
            return;
        fields.Set(EventFields.ResourceId, parts.ResourceInfo.IsEmpty ? parts.Role : parts.ResourceInfo);
        fields.Set(EventFields.TargetUserId, parts.User);
        // The project that a role is in says more than the one from which it was given.
        fields.Set(EventFields.ProjectId, parts.Project);
        if (!record.Has(EventFields.ResourceId) && JsonMembers.TryFind(parts.Target, "id"u8, out ReadOnlySpan<byte> target))
            SetId(EventFields.ResourceId, target, fields, record);
    }

    private static void ReadInitiator(ReadOnlySpan<byte> initiator, JsonValues fields, LogRecord record)
    {
        ReadOnlySpan<byte> id = default, userId = default;
        var members = new JsonMembers(initiator);
        while (members.MoveNext())
        {
            ReadOnlySpan<byte> name = members.Name, value = members.Value;
            if (name.SequenceEqual("id"u8))
                id = value;
            else if (name.SequenceEqual("user_id"u8))
                userId = value;
            else if (name.SequenceEqual("username"u8) || name.SequenceEqual("name"u8))
                fields.Set(EventFields.UserName, value);
            else if (name.SequenceEqual("project_id"u8))
                fields.Set(EventFields.ProjectId, value);
            else if (name.SequenceEqual("domain_id"u8))
                fields.Set(EventFields.UserDomain, value);
            else if (name.SequenceEqual("request_id"u8))
                fields.Set(EventFields.RequestId, value);
            else if (name.SequenceEqual("global_request_id"u8))
                fields.Set(EventFields.GlobalRequestId, value);
            else if (name.SequenceEqual("host"u8))
                ReadHost(value, fields, record);
        }
        // Old releases make an id of their own from the user's.
        SetId(EventFields.UserId, userId.IsEmpty ? id : userId, fields, record);
    }

    /// <summary>Sets an id of CADF's, which old releases write as <c>openstack:ID</c>.</summary>
    private static void SetId(string field, ReadOnlySpan<byte> value, JsonValues fields, LogRecord record)
    {
        ReadOnlySpan<byte> id = fields.TextOf(value);
        LogText.TryTake(ref id, "openstack:"u8);
        record.Set(field, id);
    }

    private static void ReadHost(ReadOnlySpan<byte> host, JsonValues fields, LogRecord record)
    {
        var members = new JsonMembers(host);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("address"u8))
                record.SetForwardedSource(fields.TextOf(members.Value));
            else if (members.Name.SequenceEqual("agent"u8))
                fields.Set(EventFields.UserAgent, members.Value);
        }
    }

    /// <summary>The reason as it is written; empty where none is given, or only a status of HTTP.</summary>
    private static ReadOnlySpan<byte> ReadReason(ReadOnlySpan<byte> reason, JsonValues fields, LogRecord record)
    {
        ReadOnlySpan<byte> text = default;
        var members = new JsonMembers(reason);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("reasonCode"u8))
                fields.Set(EventFields.HttpStatus, members.Value);
            else if (members.Name.SequenceEqual("reasonType"u8) && !JsonMembers.Is(members.Value, "HTTP"u8))
                text = members.Value;
        }
        fields.Set(EventFields.Reason, text);
        return text;
    }

    /// <summary>The members that are of use, as they are written.</summary>
    private ref struct Parts
    {
        public ReadOnlySpan<byte> Action, Attachments, EventTime, Id, Initiator, Outcome, Project, Reason, RequestPath, ResourceInfo, Role,
            Target, TypeUri, User;
    }
}
