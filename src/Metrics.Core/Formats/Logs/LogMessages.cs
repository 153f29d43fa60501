using System.Collections.Frozen;
using Metrics.Formats.Logs.Audit;
using Metrics.Formats.Logs.Host;
using Metrics.Formats.Logs.OpenStack;
using Metrics.Formats.Logs.Security;
using Metrics.Formats.Logs.Servers;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>Reads the text that a program has written, without the header that syslog or a journal has put before it.</summary>
/// <param name="message">The text.</param>
/// <param name="record">
/// Has what the header says (time, host, <c>service.name</c>, process); gets what the text says, and nothing where it is not understood.
/// </param>
/// <returns>Whether the text was understood.</returns>
public delegate bool LogMessageParser(ReadOnlySpan<byte> message, LogRecord record);

/// <summary>What a program writes.</summary>
/// <param name="Dataset">Stands in <c>event.dataset</c> of what was understood, such as <c>sshd</c>.</param>
/// <param name="Parse">Reads a text.</param>
/// <param name="Programs">Names under which it appears in headers; none where the texts may stand under any name.</param>
public sealed record LogMessageFormat(string Dataset, LogMessageParser Parse, params IReadOnlyList<string> Programs);

/// <summary>Programs whose texts are understood, whichever way they came: from a file, by syslog or out of a journal.</summary>
public static class LogMessages
{
    /// <summary>The programs.</summary>
    public static IReadOnlyList<LogMessageFormat> All { get; } =
    [
        SshdMessages.Format,
        SudoMessages.Format,
        SuMessages.Format,
        LoginMessages.Format,
        LogindMessages.Format,
        PolkitMessages.Daemon,
        PolkitMessages.Format,
        SystemdMessages.Format,
        SystemdMessages.Coredump,
        InitMessages.Format,
        CronMessages.Format,
        KernelMessages.Format,
        NetfilterText.Ulogd,
        NetworkMessages.Networkd,
        NetworkMessages.NetworkManager,
        AccountMessages.Format,
        SyslogDaemonMessages.Format,
        RpmLog.Yum,
        Fail2banLog.Messages,
        DropbearMessages.Format,
        FtpMessages.ProFtpd,
        FtpMessages.PureFtpd,
        VsftpdLog.Messages,
        FtpMessages.Ftpd,
        MailMessages.Postfix,
        MailMessages.Dovecot,
        MailMessages.Exim,
        Aide.Messages,
        AuditMessages.Format,
        ClamAv.Messages,
        Falco.Messages,
        IdsMessages.Snort,
        IdsMessages.Suricata,
        OssecMessages.Format,
        Rkhunter.Messages,
        Tripwire.Messages,
        ApacheErrorLog.Message,
        HaProxyLog.Message,
        MySqlLog.Message,
        NginxErrorLog.Message,
        PacemakerLog.Message,
        SwiftLog.Message,

        // Under any name.
        PamMessages.Format,
        InitMessages.Scripts,
        LoginMessages.Titled,
        SyslogDaemonMessages.Old,
        OsloLog.Message,
        VlogLog.Message,
        UwsgiLog.Message,
        AccessLog.Message,
    ];

    private static readonly FrozenDictionary<string, LogMessageFormat> s_byProgram =
        All.SelectMany(f => f.Programs, (f, program) => (f, program)).ToFrozenDictionary(p => p.program, p => p.f);

    private static readonly LogMessageFormat[] s_ofAny = [.. All.Where(f => f.Programs.Count == 0)];

    /// <summary>Reads the text of a program; what nobody understands stays a <see cref="EventKinds.Log"/>.</summary>
    /// <param name="program">
    /// Its name as in the header, such as <c>sshd</c>; a folder before it and what is no part of it are passed over.
    /// </param>
    /// <param name="message">Its text.</param>
    /// <param name="record">Has what the header says.</param>
    public static bool TryRead(ReadOnlySpan<byte> program, ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> name = program[(program.LastIndexOf((byte)'/') + 1)..];
        message = WithoutRepetition(message, record);
        bool isOldPam = false;
        if (!name.IsEmpty && !char.IsAsciiLetter((char)name[^1]))
        {
            isOldPam = name.EndsWith("(pam_unix)"u8);
            name = PlainName(name, record);
        }
        record.Mark();
        if (isOldPam)
            return TryRead(PamMessages.Old, message, record);
        if (s_byProgram.TryGetValue(TextPool.Shared.Get(name), out LogMessageFormat? format) && TryRead(format, message, record))
            return true;
        foreach (LogMessageFormat any in s_ofAny)
        {
            if (TryRead(any, message, record))
                return true;
        }
        return false;
    }

    private static bool TryRead(LogMessageFormat format, ReadOnlySpan<byte> message, LogRecord record)
    {
        try
        {
            if (format.Parse(message, record))
            {
                record.Set(EventFields.Dataset, format.Dataset);
                return true;
            }
        }
        catch (Exception e)
        {
            record.Fail(format.Dataset, e);
        }
        record.Reset();
        return false;
    }

    /// <summary>
    /// Syslog daemons join what repeats: <c>message repeated 3 times: [ TEXT]</c>, and of old <c>last message repeated 3 times</c>.
    /// </summary>
    /// <returns>The text that was repeated, or the message where none was.</returns>
    private static ReadOnlySpan<byte> WithoutRepetition(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> text = message;
        text.TryTake("last "u8);
        if (!text.TryTake("message repeated "u8))
            return message;
        ReadOnlySpan<byte> count = text.TakeDigits();
        if (count.Length is 0 or > 9 || !text.TryTake(" time"u8))
            return message;
        record.Set(EventFields.Count, count);
        return text.TryTakeUntil(": [ "u8, out _) && text.TryTakeEnd("]"u8) ? text : message;
    }

    /// <summary>
    /// What is no part of a name: <c>sshd(pam_unix)</c> before Linux-PAM 0.99, <c>polkitd(authority=local)</c>, <c>gdm-password]</c>, the
    /// number of a message in <c>rsyslogd-2177</c>.
    /// </summary>
    private static ReadOnlySpan<byte> PlainName(ReadOnlySpan<byte> name, LogRecord record)
    {
        int open = name[^1] == ')' ? name.IndexOf((byte)'(') : -1;
        ReadOnlySpan<byte> plain = open > 0 ? name[..open] : name.TrimEnd((byte)']');
        if (plain.StartsWith("rsyslogd-"u8))
            plain = plain[.."rsyslogd".Length];
        if (plain.Length == name.Length)
            return name;
        record.Set(EventFields.Service, plain);
        record.Set(EventFields.ProcessName, plain);
        return plain;
    }
}
