using Metrics.Model;

namespace Metrics.Formats.Logs.Audit;

/// <summary>What types of audit records mean.</summary>
/// <remarks>
/// A session that PAM opens (USER_START, CRED_*) is no login: cron and systemd have such, too. Programs by which somebody logs in say
/// USER_LOGIN.
/// </remarks>
internal static class AuditMeanings
{
    private static ReadOnlySpan<byte> LoginPrograms =>
        " sshd sshd-session login gdm-session-worker lightdm sddm-helper xrdp-sesman dropbear "u8;

    private static ReadOnlySpan<byte> SwitchingPrograms => " su pkexec doas "u8;

    /// <summary>Sets the kind and the fields that a type has of its own.</summary>
    /// <param name="type">By name.</param>
    /// <param name="body">The pairs of the first line.</param>
    /// <param name="values">Its values.</param>
    /// <param name="record">Has the fields of all types.</param>
    public static void Set(string type, ReadOnlySpan<byte> body, AuditValues values, LogRecord record)
    {
        switch (type)
        {
            case "USER_LOGIN":
                record.Kind = EventKinds.HostLogin;
                SetAccount(values, record);
                break;
            case "USER_LOGOUT":
                record.Kind = EventKinds.HostLogout;
                SetAccount(values, record);
                break;
            case "USER_END":
                record.Kind = IsOneOf(LoginPrograms, record) ? EventKinds.HostLogout : EventKinds.Log;
                SetAccount(values, record);
                break;
            case "USER_START":
            case "USER_AUTH":
                SetSession(type == "USER_START", values, record);
                break;
            case "USER_CMD":
                record.Kind = EventKinds.HostSudo;
                break;
            case "USER_ACCT" or "CRED_ACQ" or "CRED_REFR" or "CRED_DISP" or "USER_ERR" or "ANOM_LOGIN_FAILURES" or "ANOM_LOGIN_ACCT":
                SetAccount(values, record);
                break;
            case "ADD_USER" or "DEL_USER" or "USER_CHAUTHTOK" or "USER_MGMT" or "ACCT_LOCK" or "ACCT_UNLOCK":
                SetTarget(EventFields.TargetUserName, values, record);
                record.Set(EventFields.TargetUserId, values[AuditKey.Id]);
                break;
            case "ADD_GROUP" or "DEL_GROUP" or "GRP_MGMT" or "GRP_CHAUTHTOK":
                SetTarget(EventFields.GroupName, values, record);
                break;
            case "SERVICE_START" or "SERVICE_STOP":
                SetService(type == "SERVICE_START", AuditText.Bare(values[AuditKey.Unit]), record);
                break;
            case "DAEMON_START" or "DAEMON_END" or "DAEMON_ABORT":
                record.Kind = type == "DAEMON_START" ? EventKinds.ServiceStart
                    : type == "DAEMON_END" ? EventKinds.ServiceStop : EventKinds.ServiceCrash;
                record.Set(EventFields.Service, "auditd");
                break;
            case "ANOM_ABEND":
                record.Kind = EventKinds.ServiceCrash;
                record.Remove(EventFields.Outcome);
                AuditText.Set(record, EventFields.Service, values[AuditKey.Comm]);
                break;
            case "ANOM_PROMISCUOUS":
                AuditText.Set(record, EventFields.Interface, values[AuditKey.Dev]);
                break;
            case "SYSTEM_BOOT" or "SYSTEM_SHUTDOWN":
                record.Kind = EventKinds.HostReboot;
                break;
            case "SYSTEM_RUNLEVEL":
                // Each boot reaches a level, and says so beside SYSTEM_BOOT; 0 halts the machine, 6 reboots it.
                record.Kind = values[AuditKey.NewLevel] is [(byte)'0' or (byte)'6'] ? EventKinds.HostReboot : EventKinds.Log;
                break;
            case "NETFILTER_CFG":
                record.Kind = EventKinds.FirewallChanged;
                break;
            case "CONFIG_CHANGE" or "DAEMON_CONFIG" or "FEATURE_CHANGE" or "MAC_POLICY_LOAD" or "MAC_STATUS" or "MAC_CONFIG_CHANGE"
                or "USER_MAC_POLICY_LOAD" or "USER_MAC_CONFIG_CHANGE" or "USER_MAC_STATUS":
                record.Kind = EventKinds.ConfigChanged;
                record.Set(EventFields.Reason, AuditText.Bare(values[AuditKey.Op]));
                break;
            case "SOFTWARE_UPDATE":
                record.Kind = EventKinds.HostPackage;
                AuditText.Set(record, EventFields.PackageName, values[AuditKey.Software]);
                break;
            case "INTEGRITY_DATA":
                SetIntegrity(values, record);
                break;
            case "AVC" or "USER_AVC" or "APPARMOR_DENIED" or "APPARMOR_STATUS":
                SetAccess(body, values, record);
                break;
        }
    }

    /// <summary>Of a login the account is who did it; the process belongs to the server, to root.</summary>
    private static void SetAccount(AuditValues values, LogRecord record)
    {
        ReadOnlySpan<byte> account = values[AuditKey.Acct];
        ReadOnlySpan<byte> id = values[AuditKey.Id];
        if (AuditText.IsNone(account) && IsNoId(id))
            return;
        record.Remove(EventFields.UserName);
        if (AuditFields.IsUnset(values[AuditKey.Auid]))
            record.Remove(EventFields.UserId);
        if (!IsNoId(id))
            record.Set(EventFields.UserId, id);
        if (!AuditText.IsNone(account))
            AuditText.Set(record, EventFields.UserName, account);
        else
            AuditFields.SetName(EventFields.UserName, values[AuditKey.IdName], record);
    }

    private static bool IsNoId(ReadOnlySpan<byte> id) => AuditFields.IsUnset(id) || AuditText.IsNone(id);

    /// <summary>By su and its like another account's rights are taken: that is the account, and who did it is who ran them.</summary>
    private static void SetSession(bool isStart, AuditValues values, LogRecord record)
    {
        if (!IsOneOf(SwitchingPrograms, record))
        {
            SetAccount(values, record);
            return;
        }
        AuditText.Set(record, EventFields.EffectiveUserName, values[AuditKey.Acct]);
        // It proves who it is, and then a session begins: one event of the two that are written where it goes well.
        if (isStart || record[EventFields.Outcome] == "failure")
            record.Kind = EventKinds.HostSudo;
    }

    private static void SetTarget(string field, AuditValues values, LogRecord record)
    {
        record.Kind = EventKinds.HostAccount;
        record.Set(EventFields.Reason, AuditText.Bare(values[AuditKey.Op]));
        if (AuditText.IsNone(values[AuditKey.Acct]))
            AuditFields.SetName(field, values[AuditKey.IdName], record);
        else
            AuditText.Set(record, field, values[AuditKey.Acct]);
    }

    /// <summary>systemd says of a unit that stops whether it failed.</summary>
    private static void SetService(bool isStart, ReadOnlySpan<byte> unit, LogRecord record)
    {
        bool hasFailed = record[EventFields.Outcome] == "failure";
        record.Kind = isStart ? EventKinds.ServiceStart : hasFailed ? EventKinds.ServiceCrash : EventKinds.ServiceStop;
        record.Set(EventFields.Service, unit);
    }

    /// <summary>Linux's IMA refuses a file whose content is not what was signed.</summary>
    private static void SetIntegrity(AuditValues values, LogRecord record)
    {
        ReadOnlySpan<byte> cause = AuditText.Bare(values[AuditKey.Cause]);
        record.Set(EventFields.Reason, cause);
        if (cause.SequenceEqual("invalid-hash"u8) || cause.SequenceEqual("invalid-signature"u8))
            record.Kind = EventKinds.IntegrityChanged;
    }

    /// <summary>
    /// SELinux: <c>avc:  denied  { read write } for …</c>; AppArmor: <c>apparmor="DENIED" operation="open" profile=…</c>.
    /// </summary>
    private static void SetAccess(ReadOnlySpan<byte> body, AuditValues values, LogRecord record)
    {
        ReadOnlySpan<byte> verdict = AuditText.Bare(values[AuditKey.Apparmor]);
        AuditText.Set(record, EventFields.RuleName, values[AuditKey.Profile]);
        if (verdict.SequenceEqual("DENIED"u8) || body.IndexOf("avc:  denied  {"u8) >= 0)
        {
            // Where SELinux only warns, the system call went well all the same, and its own record says so.
            if (!record.Has(EventFields.Outcome))
                record.Set(EventFields.Outcome, "failure");
        }
        else if (verdict.SequenceEqual("STATUS"u8))
            SetPolicy(body, values, record);
        int open = body.IndexOf((byte)'{'), close = body.IndexOf((byte)'}');
        if (verdict.IsEmpty && open >= 0 && close > open)
            record.Set(EventFields.Reason, body[(open + 1)..close].Trim((byte)' '));
    }

    /// <summary><c>apparmor="STATUS" operation="profile_replace" profile="unconfined" name="/usr/sbin/ntpd"</c>.</summary>
    private static void SetPolicy(ReadOnlySpan<byte> body, AuditValues values, LogRecord record)
    {
        if (body.IndexOf("operation=\"profile_"u8) < 0)
            return;
        record.Kind = EventKinds.ConfigChanged;
        record.Remove(EventFields.FilePath);
        AuditText.Set(record, EventFields.RuleName, values[AuditKey.Name]);
    }

    private static bool IsOneOf(ReadOnlySpan<byte> programs, LogRecord record)
    {
        ReadOnlySpan<byte> program = record.Bytes(EventFields.Executable);
        program = program[(program.LastIndexOf((byte)'/') + 1)..];
        int at = program.IsEmpty || program.Contains((byte)' ') ? -1 : programs.IndexOf(program);
        return at > 0 && programs[at - 1] == ' ' && programs[at + program.Length] == ' ';
    }
}
