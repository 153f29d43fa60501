using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>Debian's <c>/var/log/dpkg.log</c>. What was asked for is the event; the states that follow stay log lines.</summary>
/// <remarks>
/// <code>
/// 2026-11-26 10:00:00 install nova-compute:all &lt;none&gt; 2:26.2.2-1
/// 2026-11-26 10:00:00 upgrade libc6:amd64 2.36-9+deb12u9 2.36-9+deb12u10
/// 2026-11-26 10:00:01 status half-configured libc6:amd64 2.36-9+deb12u10
/// 2026-11-26 10:00:01 startup archives unpack
/// 2026-11-26 10:00:01 conffile /etc/nova/nova.conf keep
/// </code>
/// dpkg(1), "--log".
/// </remarks>
public static class DpkgLog
{
    private const int TimeLength = 19;

    /// <summary>The format <c>dpkg</c>.</summary>
    public static LogFormat Format { get; } = new("dpkg", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < TimeLength + 4 || text[10] != ' ' || text[TimeLength] != ' ')
            return false;
        ReadOnlySpan<byte> words = text[(TimeLength + 1)..];
        ReadOnlySpan<byte> action = words.TakeWord();
        if (!IsAction(action, words) || !LogTimes.TryDate(text[..TimeLength], context.Zone, out long time, out _))
            return false;
        record.Time = time;
        record.Set(EventFields.Service, "dpkg");
        record.Set(EventFields.Action, action);
        switch (action[0])
        {
            case (byte)'s' when action.SequenceEqual("startup"u8):
                break;
            case (byte)'s':
                record.Set(EventFields.Reason, words.TakeWord());
                SetPackage(words.TakeWord(), words.TakeWord(), record);
                break;
            case (byte)'c' when action.SequenceEqual("conffile"u8):
                int end = words.LastIndexOf((byte)' ');
                record.Set(EventFields.FilePath, end < 0 ? words : words[..end]);
                break;
            default:
                ReadChange(words, action, record);
                break;
        }
        return true;
    }

    /// <summary><c>PACKAGE OLD NEW</c>; nothing becomes new when it is removed.</summary>
    private static void ReadChange(ReadOnlySpan<byte> words, ReadOnlySpan<byte> action, LogRecord record)
    {
        ReadOnlySpan<byte> package = words.TakeWord();
        ReadOnlySpan<byte> old = words.TakeWord();
        ReadOnlySpan<byte> version = words.TakeWord();
        SetPackage(package, version.IsEmpty || version[0] == '<' ? old : version, record);
        if (!action.SequenceEqual("configure"u8) && !action.SequenceEqual("trigproc"u8))
            record.Kind = EventKinds.HostPackage;
    }

    private static void SetPackage(ReadOnlySpan<byte> package, ReadOnlySpan<byte> version, LogRecord record)
    {
        int colon = package.IndexOf((byte)':');
        record.Set(EventFields.PackageName, colon < 0 ? package : package[..colon]);
        if (!version.StartsWith("<"u8))
            record.Set(EventFields.PackageVersion, version);
    }

    /// <summary>Others write the same time and such words too: what follows must have dpkg's shape.</summary>
    private static bool IsAction(ReadOnlySpan<byte> word, ReadOnlySpan<byte> rest)
    {
        if (word.SequenceEqual("startup"u8))
            return rest.StartsWith("archives "u8) || rest.StartsWith("packages "u8);
        if (word.SequenceEqual("conffile"u8))
            return rest.StartsWith("/"u8);
        return rest.Count((byte)' ') == 2
            && (word.SequenceEqual("status"u8) || word.SequenceEqual("configure"u8) || word.SequenceEqual("install"u8)
                || word.SequenceEqual("upgrade"u8) || word.SequenceEqual("trigproc"u8) || word.SequenceEqual("remove"u8)
                || word.SequenceEqual("purge"u8) || word.SequenceEqual("disappear"u8));
    }
}
