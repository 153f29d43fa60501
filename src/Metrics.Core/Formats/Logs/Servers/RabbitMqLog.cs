using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>RabbitMQ's log, of 3.7 and later, and of the versions before.</summary>
/// <remarks>
/// <code>
/// 2026-11-26 10:00:00.177 [info] &lt;0.529.0&gt; accepting AMQP connection &lt;0.529.0&gt; (192.0.2.7:55518 -> 192.0.2.1:5672)
/// 2026-11-26 10:00:00.177000+00:00 [error] &lt;0.530.0&gt; PLAIN login refused: user 'ann' - invalid credentials
/// =ERROR REPORT==== 26-Nov-2026::10:00:00 ===
/// closing AMQP connection &lt;0.529.0&gt; (192.0.2.7:55518 -> 192.0.2.1:5672):
/// </code>
/// Lines without head go on with the record before. https://www.rabbitmq.com/docs/logging
/// </remarks>
public static class RabbitMqLog
{
    /// <summary>The format <c>rabbitmq</c>.</summary>
    public static LogFormat Format { get; } = new("rabbitmq", TryRead, Continues);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 24)
            return false;
        bool read = text[0] == '=' ? TryReadReport(text, context, record) : TryReadLine(text, context, record);
        if (read)
            record.Set(EventFields.Service, "rabbitmq");
        return read;
    }

    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line)
    {
        if (first.StartsWith("="u8))
            return !line.StartsWith("="u8);
        return line.Length < 20 || line[4] != '-' || line[7] != '-' || !char.IsAsciiDigit((char)line[0]);
    }

    private static bool TryReadLine(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text[10] != ' ' || !LogTimes.TryDate(text, context.Zone, out long time, out int length))
            return false;
        ReadOnlySpan<byte> rest = text[length..];
        if (!LogText.TryTake(ref rest, " ["u8) || !LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> level, 10)
            || !LogText.TryTake(ref rest, " <"u8) || !LogText.TryTakeUntil(ref rest, (byte)'>', out _, 32)
            || !LogLevels.TrySet(record, level))
        {
            return false;
        }
        record.Time = time;
        record.MessageLength = rest.Length;
        ReadText(rest.TrimStart((byte)' '), record);
        return true;
    }

    /// <summary><c>=INFO REPORT==== 26-Nov-2026::10:00:00 ===</c>, and lines of text.</summary>
    private static bool TryReadReport(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text[1..];
        if (!LogText.TryTakeUntil(ref rest, (byte)' ', out ReadOnlySpan<byte> level, 10) || !LogText.TryTake(ref rest, "REPORT==== "u8)
            || !LogText.TryTakeUntil(ref rest, (byte)' ', out ReadOnlySpan<byte> stamp, 32)
            || !LogTimes.TryErlang(stamp, context.Zone, out long time) || !LogLevels.TrySet(record, level))
        {
            return false;
        }
        record.Time = time;
        int end = rest.IndexOf((byte)'\n');
        if (end < 0)
            return true;
        record.MessageLength = rest.Length - end - 1;
        ReadText(rest[(end + 1)..], record);
        return true;
    }

    private static void ReadText(ReadOnlySpan<byte> text, LogRecord record)
    {
        int arrow = text.IndexOf(" -> "u8);
        if (arrow > 0)
            ReadEnds(text, arrow, record);
        // A name is the client's choice: it ends where nothing but RabbitMQ's own words can follow.
        int refused = text.IndexOf(" login refused: user '"u8);
        if (refused >= 0)
        {
            ReadOnlySpan<byte> user = text[(refused + 22)..];
            int end = user.LastIndexOf("' - "u8);
            record.Set(EventFields.Outcome, "failure");
            record.Set(EventFields.UserName, end < 0 ? default : user[..end]);
            record.Set(EventFields.Reason, end < 0 ? user : user[(end + 4)..]);
            return;
        }
        int granted = text.LastIndexOf("' authenticated and granted access to vhost '"u8);
        if (granted >= 0 && text[..granted].IndexOf("): user '"u8) is >= 0 and var name)
        {
            record.Set(EventFields.Outcome, "success");
            record.Set(EventFields.UserName, text[(name + 9)..granted]);
        }
        else if (text.StartsWith("Server startup complete"u8))
            record.SetStart();
        else if (text.StartsWith("Successfully stopped RabbitMQ"u8))
            record.SetStop();
    }

    /// <summary><c>(192.0.2.7:55518 -> 192.0.2.1:5672 - nova-compute:…)</c></summary>
    private static void ReadEnds(ReadOnlySpan<byte> text, int arrow, LogRecord record)
    {
        int open = text[..arrow].LastIndexOf((byte)'(');
        ReadOnlySpan<byte> to = text[(arrow + 4)..];
        int end = to.IndexOfAny((byte)' ', (byte)')', (byte)',');
        if (open < 0 || end < 0 || !LogText.TryEndpoint(to[..end], out ReadOnlySpan<byte> address, out ReadOnlySpan<byte> port)
            || !LogText.TrySetSourceEndpoint(record, text[(open + 1)..arrow]))
        {
            return;
        }
        record.Set(EventFields.DestinationIp, address);
        record.Set(EventFields.DestinationPort, port);
    }
}
