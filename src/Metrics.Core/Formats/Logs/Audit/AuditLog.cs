namespace Metrics.Formats.Logs.Audit;

/// <summary>The log of auditd: what the kernel and programs of trust report, one line a record, several records an event.</summary>
/// <remarks>
/// <code>
/// type=USER_LOGIN msg=audit(1795687200.123:42): pid=981 uid=0 … msg='op=login acct="ann" … addr=192.0.2.7 terminal=ssh res=failed'
/// type=SYSCALL msg=audit(1795687200.200:43): arch=c000003e syscall=59 success=yes exit=0 … comm="rm" exe="/usr/bin/rm" key="exec"
/// type=EXECVE msg=audit(1795687200.200:43): argc=2 a0="rm" a1=6120622E747874
/// </code>
/// An event (<see cref="AuditEvent"/>) is lines (<see cref="AuditLine"/>) of pairs (<see cref="AuditPairs"/>), whose values are gathered
/// (<see cref="AuditValues"/>) and decoded (<see cref="AuditText"/>): what all types say is in <see cref="AuditFields"/>, what one type
/// means in <see cref="AuditMeanings"/>. https://github.com/linux-audit/audit-documentation/wiki · auditd(8)
/// </remarks>
public static class AuditLog
{
    /// <summary>The format <c>auditd</c>.</summary>
    public static LogFormat Format { get; } =
        new("auditd", (text, _, record) => AuditEvent.TryRead(text, record), AuditLine.AreOfOneEvent);
}
