using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>What HAProxy sends to syslog: requests, connections, and which servers are up.</summary>
/// <remarks>
/// <code>
/// 192.0.2.7:33317 [26/Nov/2026:10:00:00.655] keystone keystone/ctl-1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {…} "GET /v3 HTTP/1.1"
/// 192.0.2.7:33313 [26/Nov/2026:10:00:00.443] galera galera/ctl-1 0/0/5007 212 -- 0/0/0/0/3 0/0
/// 192.0.2.7:33313 [26/Nov/2026:10:00:00.443] keystone/1: SSL handshake failure
/// Server nova_api/ctl-1 is DOWN, reason: Layer4 timeout, check duration: 2001ms. 2 active and 0 backup servers left. …
/// backend nova_api has no server available!
/// </code>
/// https://docs.haproxy.org/3.0/configuration.html#8.2
/// </remarks>
public static class HaProxyLog
{
    /// <summary>The format <c>haproxy</c>: its requests and connections without a header, as a container writes them.</summary>
    public static LogFormat Format { get; } = new("haproxy", TryReadLine);

    /// <summary>Texts of the program <c>haproxy</c>.</summary>
    public static LogMessageFormat Message { get; } = new("haproxy", TryRead, "haproxy");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record) =>
        TryReadTraffic(message, TimeZoneInfo.Utc, record, out _) || TryReadState(WithoutPrefix(message, record), record);

    private static bool TryReadLine(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.IsEmpty || !(char.IsAsciiHexDigit((char)text[0]) || text[0] is (byte)':' or (byte)'[')
            || !TryReadTraffic(text, context.Zone, record, out long time))
        {
            return false;
        }
        record.Time = time;
        record.Set(EventFields.Service, "haproxy");
        return true;
    }

    private static bool TryReadTraffic(ReadOnlySpan<byte> text, TimeZoneInfo zone, LogRecord record, out long time)
    {
        time = 0;
        ReadOnlySpan<byte> rest = text;
        ReadOnlySpan<byte> client = LogText.TakeWord(ref rest);
        if (!LogText.TryTake(ref rest, "["u8) || !LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> stamp, 32)
            || !LogTimes.TryLocalClf(stamp, zone, out time, out int length) || length != stamp.Length
            || !LogText.TryTake(ref rest, " "u8) || !LogText.TrySetSourceEndpoint(record, client))
        {
            return false;
        }
        ReadOnlySpan<byte> frontend = LogText.TakeWord(ref rest);
        if (frontend.EndsWith(":"u8))
        {
            // A connection that came to nothing: the frontend, and why.
            record.Set(EventFields.Outcome, "failure");
            record.Set(EventFields.Reason, rest);
            return true;
        }
        record.Set(EventFields.DestinationDomain, LogText.TakeWord(ref rest));
        ReadOnlySpan<byte> times = LogText.TakeWord(ref rest);
        // Tq/Tw/Tc/Tr/Tt of a request, Tw/Tc/Tt of a connection; a plus says that the log was written before its end.
        ReadOnlySpan<byte> total = times[(times.LastIndexOf((byte)'/') + 1)..].TrimStart((byte)'+');
        LogText.SetMilliseconds(record, total);
        if (times.Count((byte)'/') == 4)
            ReadRequest(rest, record);
        else
            ReadConnection(rest, record);
        return true;
    }

    /// <summary><c>200 2750 - - ---- 1/1/1/1/0 0/0 {…} {…} "GET /v3 HTTP/1.1"</c></summary>
    private static void ReadRequest(ReadOnlySpan<byte> rest, LogRecord record)
    {
        record.Kind = EventKinds.HttpRequest;
        // The status is -1 where none was sent.
        if (!HttpText.TrySetStatus(record, LogText.TakeWord(ref rest)))
            record.Set(EventFields.Outcome, "failure");
        HttpText.SetBytes(record, LogText.TakeWord(ref rest).TrimStart((byte)'+'));
        // Headers that were captured have their quotes escaped, and so has the request.
        int quote = rest.IndexOf((byte)'"');
        if (quote < 0)
            return;
        ReadCaptured(rest[..quote], record);
        rest = rest[(quote + 1)..];
        int end = rest.IndexOf((byte)'"');
        HttpText.TrySetRequest(record, end < 0 ? rest : rest[..end]);
    }

    /// <summary>
    /// <c>---- 1/1/1/1/0 0/0 {203.0.113.9|curl} {req-3f1c…}</c>: headers of the request, and of the answer, that somebody has had captured.
    /// Which they are is not said: the one that looks like a chain is it, and of several none.
    /// </summary>
    private static void ReadCaptured(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> chain = default;
        int chains = 0;
        while (LogText.TryTakeUntil(ref text, "{"u8, out _) && LogText.TryTakeUntil(ref text, "}"u8, out ReadOnlySpan<byte> captured))
        {
            foreach (Range part in captured.Split((byte)'|'))
            {
                ReadOnlySpan<byte> value = captured[part];
                if (value.StartsWith("req-"u8) && text.TrimStart((byte)' ').IsEmpty)
                    record.Set(EventFields.RequestId, value);
                else if (ForwardedChain.IsChain(value) && !IsHost(value) && ++chains == 1)
                    chain = value;
            }
        }
        if (chains == 1)
            record.SetForwarded(chain);
    }

    /// <summary>An address with a port is what a client asks for (<c>Host</c>); hardly a proxy says it of a client.</summary>
    private static bool IsHost(ReadOnlySpan<byte> value) => !value.Contains((byte)',') && (value.Count((byte)':') == 1 || value[0] == '[');

    /// <summary><c>212 -- 0/0/0/0/3 0/0</c></summary>
    private static void ReadConnection(ReadOnlySpan<byte> rest, LogRecord record)
    {
        record.Set(EventFields.Transport, "tcp");
        LogText.TakeWord(ref rest);
        // Two dashes: the connection ended as it should.
        record.Set(EventFields.Outcome, LogText.TakeWord(ref rest).SequenceEqual("--"u8) ? "success" : "failure");
    }

    /// <summary>A server that fails its checks is down for HAProxy; why, nobody here can tell.</summary>
    private static bool TryReadState(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (LogText.TryTake(ref text, "Server "u8) || LogText.TryTake(ref text, "Backup Server "u8))
        {
            ReadOnlySpan<byte> server = LogText.TakeWord(ref text);
            return ReadServer(server, text, record);
        }
        if (LogText.TryTake(ref text, "backend "u8))
        {
            int end = text.IndexOf(" has no server available!"u8);
            if (end < 1)
                return false;
            return SetState(text[..end].Trim((byte)'\''), "unavailable", "failure", record);
        }
        if (!LogText.TryTake(ref text, "Proxy "u8))
            return false;
        ReadOnlySpan<byte> proxy = LogText.TakeWord(ref text);
        if (text.StartsWith("started."u8))
            return SetState(proxy, "proxy.started", null, record);
        return text.StartsWith("stopped "u8) && SetState(proxy, "proxy.stopped", null, record);
    }

    private static bool ReadServer(ReadOnlySpan<byte> server, ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.StartsWith("is DOWN"u8))
        {
            SetState(server, "down", "failure", record);
            int reason = text.IndexOf("reason: "u8);
            int end = text.IndexOf(", check duration"u8);
            if (reason >= 0 && end > reason)
                record.Set(EventFields.Reason, text[(reason + 8)..end]);
            return true;
        }
        if (text.StartsWith("is going DOWN for maintenance"u8) || text.StartsWith("was DOWN and now enters maintenance"u8))
            return SetState(server, "maintenance", null, record);
        return text.StartsWith("is UP"u8) && SetState(server, "up", "success", record);
    }

    private static bool SetState(ReadOnlySpan<byte> name, string action, string? outcome, LogRecord record)
    {
        record.Set(EventFields.DestinationDomain, name);
        record.Set(EventFields.Action, action);
        record.Set(EventFields.Outcome, outcome);
        return true;
    }

    /// <summary><c>[WARNING] 329/100000 (26) : </c>, or without time since 2.5: what it writes where no syslog is.</summary>
    private static ReadOnlySpan<byte> WithoutPrefix(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        if (!LogText.TryTake(ref rest, "["u8) || !LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> level, 10))
            return text;
        int end = rest[..Math.Min(rest.Length, 40)].IndexOf(") : "u8);
        if (end < 0 || !LogLevels.TrySet(record, level.TrimEnd((byte)' ')))
            return text;
        return rest[(end + 4)..];
    }
}
