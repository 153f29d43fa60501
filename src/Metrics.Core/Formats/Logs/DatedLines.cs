using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>
/// Lines that have what syslog's have behind a date with a blank in it: macOS' <c>log show --style syslog</c>, ProFTPD's own log, and
/// templates of administrators. Less is certain of them, so that host, program and number must all be there.
/// </summary>
/// <remarks>
/// <code>
/// 2026-11-26 10:00:00.801612-0700  mac-1 sshd[269]: Accepted password for ann from 192.0.2.7 port 50022 ssh2
/// 2026-11-26 10:00:00,123 ftp-1 proftpd[1234] ftp-1.example.org (host.example.org[192.0.2.7]): USER ann: Login successful.
/// </code>
/// </remarks>
public static class DatedLines
{
    private const int MaxNameLength = 255;

    /// <summary>The format <c>dated</c>.</summary>
    public static LogFormat Format { get; } = new("dated", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> line, LogContext context, LogRecord record)
    {
        if (line.Length < 30 || line[10] != ' ' || line[4] != '-' || !LogTimes.TryDate(line, context.Zone, out long time, out int length))
            return false;
        ReadOnlySpan<byte> text = line[length..];
        if (!text.TryTake(" "u8))
            return false;
        text = text.TrimStart((byte)' ');
        ReadOnlySpan<byte> host = text.TakeWord();
        ReadOnlySpan<byte> tag = text.TakeWord();
        int open = tag.IndexOf((byte)'[');
        ReadOnlySpan<byte> number = open < 1 ? default : tag[(open + 1)..].TrimEnd((byte)':');
        if (!IsName(host) || !number.EndsWith("]"u8) || !LogText.IsNumber(number[..^1]) || !IsName(tag[..open]))
            return false;
        record.Time = time;
        record.Set(EventFields.Host, host);
        record.Set(EventFields.Service, tag[..open]);
        record.Set(EventFields.ProcessName, tag[..open]);
        record.Set(EventFields.ProcessId, number[..^1]);
        record.MessageLength = text.Length;
        LogMessages.TryRead(tag[..open], text, record);
        return true;
    }

    private static bool IsName(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > MaxNameLength || !char.IsAsciiLetterOrDigit((char)text[0]))
            return false;
        foreach (byte c in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'.' or (byte)'-' or (byte)'_' or (byte)'/'))
                return false;
        }
        return !LogText.IsNumber(text);
    }
}
