using System.Buffers;
using Metrics.Formats.Logs.Host;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>The log of OpenStack's services with <c>use_json</c>: one object a line.</summary>
/// <remarks>
/// <code>
/// {"message": "…", "asctime": "2026-11-26 10:00:00", "name": "nova.service", "levelname": "INFO", "created": 1795687200.123,
///   "process": 31, "hostname": "ctl-1", "context": {"request_id": "req-…", "project_id": "…"}, "extra": {"instance": {"uuid": "…"}}, …}
/// </code>
/// oslo_log/formatters.py, JSONFormatter; all on one line.
/// </remarks>
public static class OsloJsonLog
{
    /// <summary>The format <c>oslo-json</c>.</summary>
    public static LogFormat Format { get; } = new("oslo-json", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        // Most objects in logs are others', and not worth a walk.
        if (text.Length < 64 || text[0] != '{' || text.IndexOf("\"levelname\""u8) < 0)
            return false;
        Parts parts = default;
        var members = new JsonMembers(text);
        while (members.MoveNext())
            Take(members.Name, members.Value, ref parts);
        if (!members.IsComplete || parts.Message.IsEmpty || !parts.Name.StartsWith("\""u8) || parts.Level.IsEmpty || parts.Context.IsEmpty)
            return false;
        byte[] scratch = ArrayPool<byte>.Shared.Rent(text.Length);
        var fields = new JsonValues(record, scratch);
        if (EpochTime.TryRead(parts.Created, out long time) && time > 0)
            record.Time = time;
        LogLevels.TrySet(record, fields.TextOf(parts.Level));
        fields.Set(EventFields.ProcessId, parts.Process);
        fields.Set(EventFields.Host, parts.Host);
        fields.Set(EventFields.Reason, parts.Error);
        ReadExtra(parts.Extra, fields);
        ReadContext(parts.Context, fields, record);
        OsloLog.SetLogger(fields.TextOf(parts.Name), record);
        // Names of loggers have no escapes, so that the scratch is free for the text.
        ReadOnlySpan<byte> said = fields.TextOf(parts.Message);
        int end = said.IndexOf((byte)'\n');
        OsloMessages.Read(parts.Name[1..^1], end < 0 ? said : said[..end], record);
        ArrayPool<byte>.Shared.Return(scratch);
        return true;
    }

    private static void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, scoped ref Parts parts)
    {
        if (name.SequenceEqual("message"u8))
            parts.Message = value;
        else if (name.SequenceEqual("name"u8))
            parts.Name = value;
        else if (name.SequenceEqual("levelname"u8))
            parts.Level = value;
        else if (name.SequenceEqual("created"u8))
            parts.Created = value;
        else if (name.SequenceEqual("process"u8))
            parts.Process = value;
        else if (name.SequenceEqual("hostname"u8))
            parts.Host = value;
        else if (name.SequenceEqual("error_summary"u8))
            parts.Error = value;
        else if (name.SequenceEqual("context"u8))
            parts.Context = value;
        else if (name.SequenceEqual("extra"u8))
            parts.Extra = value;
    }

    private static void ReadContext(ReadOnlySpan<byte> context, JsonValues fields, LogRecord record)
    {
        var members = new JsonMembers(context);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("request_id"u8))
                fields.Set(EventFields.RequestId, members.Value);
            else if (members.Name.SequenceEqual("global_request_id"u8))
                fields.Set(EventFields.GlobalRequestId, members.Value);
            else if (members.Name.SequenceEqual("user_id"u8) || members.Name.SequenceEqual("user"u8))
                fields.Set(EventFields.UserId, members.Value);
            else if (members.Name.SequenceEqual("user_name"u8))
                fields.Set(EventFields.UserName, members.Value);
            else if (members.Name.SequenceEqual("user_domain"u8) || members.Name.SequenceEqual("user_domain_id"u8))
                fields.Set(EventFields.UserDomain, members.Value);
            else if (members.Name.SequenceEqual("project_id"u8))
                fields.Set(EventFields.ProjectId, members.Value);
            else if (members.Name.SequenceEqual("remote_address"u8))
                record.SetForwardedSource(fields.TextOf(members.Value));
        }
    }

    /// <summary><c>{"instance": {"uuid": "…"}}</c>, or the id alone.</summary>
    private static void ReadExtra(ReadOnlySpan<byte> extra, JsonValues fields)
    {
        var members = new JsonMembers(extra);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("instance_uuid"u8) || members.Name.SequenceEqual("instance"u8))
                fields.Set(EventFields.InstanceId, members.Value);
            if (!members.Name.SequenceEqual("instance"u8))
                continue;
            var instance = new JsonMembers(members.Value);
            while (instance.MoveNext())
            {
                if (instance.Name.SequenceEqual("uuid"u8))
                    fields.Set(EventFields.InstanceId, instance.Value);
            }
        }
    }

    /// <summary>The members that are of use, as they are written.</summary>
    private ref struct Parts
    {
        public ReadOnlySpan<byte> Context, Created, Error, Extra, Host, Level, Message, Name, Process;
    }
}
