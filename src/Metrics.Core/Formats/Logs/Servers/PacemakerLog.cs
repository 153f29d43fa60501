using System.Text;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>Pacemaker's and Corosync's own logs, and what Pacemaker's daemons send to syslog: their level stands in the text.</summary>
/// <remarks>
/// <code>
/// Nov 26 10:00:00.123 ctl-1 pacemaker-controld  [478] (do_state_transition) 	notice: State transition S_IDLE -> S_POLICY_ENGINE
/// Nov 26 10:00:00 [478] ctl-1       crmd:   notice: do_state_transition:	State transition S_IDLE -> S_POLICY_ENGINE
/// Nov 26 10:00:00 [401] ctl-1 corosync notice  [TOTEM ] A processor failed, forming new configuration.
/// notice: State transition S_IDLE -> S_POLICY_ENGINE                  behind the header of syslog
/// </code>
/// https://clusterlabs.org/projects/pacemaker/doc/
/// </remarks>
public static class PacemakerLog
{
    /// <summary>Names before Pacemaker 2, which have no prefix.</summary>
    private static readonly string[] s_oldDaemons = ["attrd", "cib", "crmd", "lrmd", "pengine", "stonith-ng"];

    /// <summary>The format <c>pacemaker</c>.</summary>
    public static LogFormat Format { get; } = new("pacemaker", TryReadLine);

    /// <summary>Texts of the daemons.</summary>
    public static LogMessageFormat Message { get; } = new(
        "pacemaker",
        TrySetLevel,
        [
            "pacemakerd", "pacemaker-attrd", "pacemaker-based", "pacemaker-controld", "pacemaker-execd", "pacemaker-fenced",
            "pacemaker-schedulerd", .. s_oldDaemons,
        ]);

    private static bool TryReadLine(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 24 || !char.IsAsciiLetterUpper((char)text[0])
            || SyslogTime.ReadBsd(text, context.Now, context.Zone, out long time, out int length) != SyslogTimeState.Given)
        {
            return false;
        }
        ReadOnlySpan<byte> rest = LogText.TrimBlanks(text[length..]);
        bool isOld = TryTakePid(ref rest, out ReadOnlySpan<byte> pid);
        ReadOnlySpan<byte> host = LogText.TakeWord(ref rest);
        rest = LogText.TrimBlanks(rest);
        ReadOnlySpan<byte> daemon = LogText.TakeWord(ref rest);
        rest = LogText.TrimBlanks(rest);
        if (isOld ? !IsDaemon(daemon = daemon.TrimEnd((byte)':')) : !(IsDaemon(daemon) && TryTakePid(ref rest, out pid)))
            return false;
        if (LogText.TryTake(ref rest, "("u8) && !LogText.TryTakeUntil(ref rest, (byte)')', out _))
            return false;
        if (!TrySetLevel(rest, record))
            return false;
        record.Time = time;
        record.Set(EventFields.Host, host);
        record.Set(EventFields.Service, daemon);
        record.Set(EventFields.ProcessName, daemon);
        record.Set(EventFields.ProcessId, pid);
        return true;
    }

    private static bool TryTakePid(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> pid)
    {
        pid = default;
        ReadOnlySpan<byte> behind = rest;
        if (!LogText.TryTake(ref behind, "["u8) || !LogText.TryTakeUntil(ref behind, (byte)']', out pid, 10) || !LogText.IsNumber(pid))
            return false;
        rest = LogText.TrimBlanks(behind);
        return true;
    }

    private static bool TrySetLevel(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> rest = LogText.TrimBlanks(text);
        if (!LogLevels.TrySet(record, LogText.TakeWord(ref rest).TrimEnd((byte)':')))
            return false;
        record.MessageLength = rest.Length;
        return true;
    }

    private static bool IsDaemon(ReadOnlySpan<byte> name)
    {
        if (name.StartsWith("pacemaker"u8) || name.SequenceEqual("corosync"u8))
            return true;
        foreach (string old in s_oldDaemons)
        {
            if (Ascii.Equals(name, old))
                return true;
        }
        return false;
    }
}
