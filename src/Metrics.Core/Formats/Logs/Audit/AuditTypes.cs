using System.Buffers.Text;
using System.Collections.Frozen;
using Metrics.Model;

namespace Metrics.Formats.Logs.Audit;

/// <summary>Types of audit records: the kernel writes numbers into its own log, auditd names.</summary>
/// <remarks>linux/audit.h, and audit-records.h of https://github.com/linux-audit/audit-userspace</remarks>
internal static class AuditTypes
{
    private static readonly FrozenDictionary<int, string> s_names = Numbered(
        (1006, "LOGIN"),
        (1100, "USER_AUTH USER_ACCT USER_MGMT CRED_ACQ CRED_DISP USER_START USER_END USER_AVC USER_CHAUTHTOK USER_ERR CRED_REFR "
            + "USYS_CONFIG USER_LOGIN USER_LOGOUT ADD_USER DEL_USER ADD_GROUP DEL_GROUP DAC_CHECK CHGRP_ID TEST TRUSTED_APP "
            + "USER_SELINUX_ERR USER_CMD USER_TTY CHUSER_ID GRP_AUTH SYSTEM_BOOT SYSTEM_SHUTDOWN SYSTEM_RUNLEVEL SERVICE_START "
            + "SERVICE_STOP GRP_MGMT GRP_CHAUTHTOK MAC_CHECK ACCT_LOCK ACCT_UNLOCK USER_DEVICE SOFTWARE_UPDATE"),
        (1200, "DAEMON_START DAEMON_END DAEMON_ABORT DAEMON_CONFIG"),
        (1205, "DAEMON_ROTATE DAEMON_RESUME DAEMON_ACCEPT DAEMON_CLOSE DAEMON_ERR"),
        (1300, "SYSCALL"),
        (1302, "PATH IPC SOCKETCALL CONFIG_CHANGE SOCKADDR CWD"),
        (1309, "EXECVE"),
        (1311, "IPC_SET_PERM MQ_OPEN MQ_SENDRECV MQ_NOTIFY MQ_GETSETATTR KERNEL_OTHER FD_PAIR OBJ_PID TTY EOE BPRM_FCAPS CAPSET MMAP "
            + "NETFILTER_PKT NETFILTER_CFG SECCOMP PROCTITLE FEATURE_CHANGE REPLACE KERN_MODULE FANOTIFY TIME_INJOFFSET TIME_ADJNTPVAL BPF "
            + "EVENT_LISTENER URINGOP OPENAT2 DM_CTRL DM_EVENT"),
        (1400, "AVC SELINUX_ERR AVC_PATH MAC_POLICY_LOAD MAC_STATUS MAC_CONFIG_CHANGE"),
        (1700, "ANOM_PROMISCUOUS ANOM_ABEND ANOM_LINK ANOM_CREAT"),
        (1800, "INTEGRITY_DATA INTEGRITY_METADATA INTEGRITY_STATUS INTEGRITY_HASH INTEGRITY_PCR INTEGRITY_RULE"),
        (2000, "KERNEL"),
        (2100, "ANOM_LOGIN_FAILURES ANOM_LOGIN_TIME ANOM_LOGIN_SESSIONS ANOM_LOGIN_ACCT ANOM_LOGIN_LOCATION"),
        (2404, "CRYPTO_KEY_USER"),
        (2407, "CRYPTO_SESSION"),
        (2500, "VIRT_CONTROL VIRT_RESOURCE VIRT_MACHINE_ID"));

    /// <summary>A type's name: of a number that is known, else as it is written.</summary>
    public static string NameOf(ReadOnlySpan<byte> type)
    {
        bool isNumber = Utf8Parser.TryParse(type, out int number, out int length) && length == type.Length;
        return isNumber && s_names.TryGetValue(number, out string? name) ? name : TextPool.Shared.Get(type);
    }

    /// <summary>Whether records of a type only say more about the one that they belong to.</summary>
    public static bool IsAncillary(string type) => type is "PROCTITLE" or "CWD" or "PATH" or "EXECVE" or "SOCKADDR" or "EOE" or "BPRM_FCAPS"
        or "MMAP" or "FD_PAIR" or "OBJ_PID" or "CAPSET" or "SOCKETCALL" or "AVC_PATH" or "IPC" or "IPC_SET_PERM" or "OPENAT2";

    private static FrozenDictionary<int, string> Numbered(params (int First, string Names)[] runs) =>
        runs.SelectMany(r => r.Names.Split(' ').Select((name, at) => (Number: r.First + at, name)))
            .ToFrozenDictionary(n => n.Number, n => n.name);
}
