namespace Metrics.Formats.Logs.Audit;

/// <summary>The keys of audit records that are looked at; those in capitals are what auditd adds, with names for numbers.</summary>
internal enum AuditKey
{
    Acct,
    Addr,
    Apparmor,
    Arch,
    Auid,
    AuidName,
    Cause,
    Cmd,
    Comm,
    Cwd,
    Dev,
    EuidName,
    Exe,
    Hostname,
    Id,
    IdName,
    Key,
    Name,
    NewLevel,
    Op,
    Pid,
    Profile,
    Reason,
    Res,
    Saddr,
    Software,
    Success,
    Syscall,
    Terminal,
    Tty,
    Uid,
    UidName,
    Unit,
    Uuid,

    /// <summary>How many there are.</summary>
    Count,
}
