using Metrics.Model;

namespace Metrics.Formats.Logs.Audit;

/// <summary>What most audit events say: who, from where, by which program, and whether it went well.</summary>
internal static class AuditFields
{
    /// <summary>Sets these fields.</summary>
    public static void Set(AuditValues values, LogRecord record)
    {
        SetOutcome(values, record);
        SetUser(values, record);
        SetSource(values, record);
        AuditSocket.Set(values, record);
        ReadOnlySpan<byte> terminal = values[AuditKey.Terminal];
        AuditText.Set(record, EventFields.Terminal, terminal.IsEmpty ? values[AuditKey.Tty] : terminal);
        record.Set(EventFields.ProcessId, values[AuditKey.Pid]);
        AuditText.Set(record, EventFields.ProcessName, values[AuditKey.Comm]);
        AuditText.Set(record, EventFields.Executable, values[AuditKey.Exe]);
        AuditText.Set(record, EventFields.RuleName, values[AuditKey.Key]);
        AuditText.Set(record, EventFields.Reason, values[AuditKey.Reason]);
        AuditText.Set(record, EventFields.CommandLine, values[AuditKey.Cmd]);
        SetFile(values, record);
        // What libvirt starts and stops: the domain's UUID is the instance's id.
        record.Set(EventFields.InstanceId, values[AuditKey.Uuid]);
    }

    /// <summary>Whether a number of a user or session stands for none.</summary>
    public static bool IsUnset(ReadOnlySpan<byte> id) =>
        id.IsEmpty || id.SequenceEqual("4294967295"u8) || id.SequenceEqual("-1"u8) || id.SequenceEqual("unset"u8);

    /// <summary>Sets a field to a name that auditd has added for a number; nothing where it knows none.</summary>
    public static void SetName(string field, ReadOnlySpan<byte> name, LogRecord record)
    {
        name = AuditText.Bare(name);
        if (!name.SequenceEqual("unset"u8) && !name.StartsWith("unknown("u8))
            record.Set(field, name);
    }

    private static void SetOutcome(AuditValues values, LogRecord record)
    {
        ReadOnlySpan<byte> result = AuditText.Bare(values[AuditKey.Res]);
        if (result.IsEmpty)
            result = AuditText.Bare(values[AuditKey.Success]);
        if (result.StartsWith("success"u8) || result.SequenceEqual("yes"u8) || result.SequenceEqual("1"u8))
            record.Set(EventFields.Outcome, "success");
        else if (result.StartsWith("fail"u8) || result.SequenceEqual("no"u8) || result.SequenceEqual("0"u8))
            record.Set(EventFields.Outcome, "failure");
    }

    /// <summary>Who did it is who has logged in (auid), whichever rights were taken since; services have only a uid.</summary>
    private static void SetUser(AuditValues values, LogRecord record)
    {
        bool hasLoggedIn = !IsUnset(values[AuditKey.Auid]);
        ReadOnlySpan<byte> id = values[hasLoggedIn ? AuditKey.Auid : AuditKey.Uid];
        if (!IsUnset(id))
            record.Set(EventFields.UserId, id);
        SetName(EventFields.UserName, values[hasLoggedIn ? AuditKey.AuidName : AuditKey.UidName], record);
        SetName(EventFields.EffectiveUserName, values[AuditKey.EuidName], record);
    }

    private static void SetSource(AuditValues values, LogRecord record)
    {
        ReadOnlySpan<byte> address = AuditText.Bare(values[AuditKey.Addr]);
        ReadOnlySpan<byte> host = AuditText.Bare(values[AuditKey.Hostname]);
        if (!AuditText.IsNone(address))
            LogText.SetSource(record, address);
        if (!AuditText.IsNone(host) && !host.SequenceEqual(address))
            LogText.SetSource(record, host);
    }

    private static void SetFile(AuditValues values, LogRecord record)
    {
        ReadOnlySpan<byte> name = values[AuditKey.Name];
        if (AuditText.IsNone(name))
            return;
        var path = new AuditText(stackalloc byte[EventBounds.MaxValueLength]);
        path.Append(name);
        if (path.Written is [(byte)'/', ..])
        {
            record.Set(EventFields.FilePath, path.Written);
            return;
        }
        // SELinux gives only the last part of a path.
        if (values[AuditKey.Cwd].IsEmpty)
            return;
        var whole = new AuditText(stackalloc byte[EventBounds.MaxValueLength]);
        whole.Append(values[AuditKey.Cwd]);
        if (whole.Written is not [.., (byte)'/'])
            whole.Append("/"u8);
        whole.Append(name);
        record.Set(EventFields.FilePath, whole.Written);
    }
}
