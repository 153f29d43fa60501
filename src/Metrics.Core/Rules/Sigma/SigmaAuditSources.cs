using Metrics.Formats.Logs.Audit;
using Metrics.Model;

namespace Metrics.Rules.Sigma;

/// <summary>What auditd writes, as it is and as the categories of Sigma that other systems have agents for.</summary>
internal static class SigmaAuditSources
{
    /// <summary>The account whose rights the process has, which auditd names where it adds names (log_format = ENRICHED).</summary>
    private static readonly SigmaField s_user = new(e => e.OfRecords("UID") ?? (e.OfRecords("uid") == "0" ? "root" : null), null);

    /// <summary>Each record by itself; a field that a record lacks is that of another record of the same event.</summary>
    public static SigmaSource Auditd { get; } = new("linux/auditd", IsAudit)
    {
        HasRecord = _ => true,
        Fields = new Dictionary<string, SigmaField> { ["type"] = new(e => e.RecordType, null) },
        Other = FindPair,
    };

    /// <summary>Programs that were started: what an audit rule for execve reports.</summary>
    public static SigmaSource ProcessCreation { get; } = new("linux process_creation", IsAudit)
    {
        HasRecord = e => e.RecordType == "EXECVE",
        Fields = new Dictionary<string, SigmaField>
        {
            ["Image"] = SigmaField.Of(EventFields.Executable),
            ["CommandLine"] = SigmaField.Of(EventFields.CommandLine),
            ["CurrentDirectory"] = new(e => e.OfRecords("cwd"), null),
            ["ProcessId"] = SigmaField.Of(EventFields.ProcessId),
            ["ParentProcessId"] = new(e => e.OfRecords("ppid"), null),
            ["User"] = s_user,
        },
    };

    /// <summary>Files that were made: what an audit rule for a path, or for openat, reports.</summary>
    public static SigmaSource FileEvent { get; } = new("linux file_event", IsAudit)
    {
        HasRecord = e => e.RecordType == "PATH" && e.OfRecord("nametype") == "CREATE",
        Fields = new Dictionary<string, SigmaField>
        {
            ["TargetFilename"] = new(FilePath, null),
            ["Image"] = SigmaField.Of(EventFields.Executable),
            ["User"] = s_user,
        },
    };

    /// <summary>Connections to others: what an audit rule for connect reports.</summary>
    public static SigmaSource NetworkConnection { get; } =
        new("linux network_connection", e => IsAudit(e) && e.Has(EventFields.DestinationIp))
        {
            Fields = new Dictionary<string, SigmaField>
            {
                ["DestinationIp"] = SigmaField.Of(EventFields.DestinationIp),
                ["DestinationPort"] = SigmaField.Of(EventFields.DestinationPort),
                ["Initiated"] = new(_ => "true", null),
                ["Image"] = SigmaField.Of(EventFields.Executable),
                ["User"] = SigmaField.Of(EventFields.UserName),
            },
        };

    private static bool IsAudit(SigmaEvent one) => one.Dataset == "auditd";

    private static string? FilePath(SigmaEvent one) => one.OfRecord("name") switch
    {
        null or "" => null,
        ['/', ..] whole => whole,
        var part => one.OfRecords("cwd") is { } folder ? $"{folder.TrimEnd('/')}/{part}" : part,
    };

    /// <summary>Rules name what auditd writes: <c>exe</c>, <c>SYSCALL</c>, <c>a0</c>, <c>nametype</c>.</summary>
    private static SigmaField? FindPair(string name)
    {
        bool isKey = name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
        if (!isKey)
            return null;
        // A program's arguments and a system call's have one name and are not the same.
        return AuditRecords.IsArgument(name)
            ? new SigmaField(e => e.OfRecord(name), null) : new SigmaField(e => e.OfRecords(name), EventFieldOf(name));
    }

    private static string? EventFieldOf(string pair) => pair switch
    {
        "exe" => EventFields.Executable,
        "comm" => EventFields.ProcessName,
        "key" => EventFields.RuleName,
        "pid" => EventFields.ProcessId,
        "auid" => EventFields.UserId,
        _ => null,
    };
}
