using System.Buffers;
using System.Buffers.Text;
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
    private const int MaxSeconds = 20;

    /// <summary>The format <c>oslo-json</c>.</summary>
    public static LogFormat Format { get; } = new("oslo-json", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 64 || text[0] != '{')
            return false;
        ReadOnlySpan<byte> message = default, name = default, level = default, who = default;
        var members = new JsonMembers(text);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("message"u8))
                message = members.Value;
            else if (members.Name.SequenceEqual("name"u8))
                name = members.Value;
            else if (members.Name.SequenceEqual("levelname"u8))
                level = members.Value;
            else if (members.Name.SequenceEqual("context"u8))
                who = members.Value;
        }
        if (!members.IsComplete || message.IsEmpty || !name.StartsWith("\""u8) || level.IsEmpty || who.IsEmpty)
            return false;
        byte[] scratch = ArrayPool<byte>.Shared.Rent(text.Length);
        var fields = new JsonValues(record, scratch);
        LogLevels.TrySet(record, fields.TextOf(level));
        ReadFields(text, fields, record);
        ReadContext(who, fields, record);
        OsloLog.SetLogger(fields.TextOf(name), record);
        // Names of loggers have no escapes, so that the scratch is free for the text.
        ReadOnlySpan<byte> said = fields.TextOf(message);
        int end = said.IndexOf((byte)'\n');
        OsloMessages.Read(name[1..^1], end < 0 ? said : said[..end], record);
        ArrayPool<byte>.Shared.Return(scratch);
        return true;
    }

    private static void ReadFields(ReadOnlySpan<byte> text, JsonValues fields, LogRecord record)
    {
        var members = new JsonMembers(text);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("created"u8))
                record.Time = TimeOf(members.Value);
            else if (members.Name.SequenceEqual("hostname"u8))
                fields.Set(EventFields.Host, members.Value);
            else if (members.Name.SequenceEqual("process"u8))
                fields.Set(EventFields.ProcessId, members.Value);
            else if (members.Name.SequenceEqual("error_summary"u8))
                fields.Set(EventFields.Reason, members.Value);
            else if (members.Name.SequenceEqual("extra"u8))
                ReadExtra(members.Value, fields);
        }
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
            else if (members.Name.SequenceEqual("remote_address"u8) && !fields.TextOf(members.Value).IsEmpty)
                LogText.SetSource(record, fields.TextOf(members.Value));
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

    /// <summary>Seconds since 1970, with a fraction.</summary>
    private static long? TimeOf(ReadOnlySpan<byte> seconds) =>
        seconds.Length <= MaxSeconds && Utf8Parser.TryParse(seconds, out decimal value, out int length) && length == seconds.Length
            && value is > 0 and < 9_000_000_000
            ? (long)(value * 1_000_000_000)
            : null;
}
