using Metrics.Formats.Logs.Servers;
using Metrics.Model;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>The requests that Swift sends to syslog.</summary>
/// <remarks>
/// <code>
/// 192.0.2.7 10.0.0.1 26/Nov/2026/10/00/00 PUT /v1/AUTH_2023/glance/7d3e HTTP/1.0 201 - python-swiftclient-4.6.0 gAAA... 4969360 12 -
///   tx798613… - 0.0964 - - 1795687200.824351072 1795687200.920720100 0
/// 192.0.2.7 - - [26/Nov/2026:10:00:00 +0000] "PUT /sda1/79/AUTH_2023/a" 201 - "PUT http://…" "tx798613…" "proxy-server 4123" 0.0234
/// </code>
/// Blanks in values are written as %20; all on one line. https://docs.openstack.org/swift/latest/logs.html
/// </remarks>
public static class SwiftLog
{
    private const int ClockLength = 20;

    /// <summary>Texts of the program <c>proxy-server</c>, and of those that hold what it serves.</summary>
    public static LogMessageFormat Message { get; } = new(
        "swift",
        TryRead,
        "account-server",
        "container-server",
        "object-server",
        "proxy-server",
        "swift-proxy",
        "swift-proxy-server");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> rest = message;
        ReadOnlySpan<byte> client = LogText.TakeWord(ref rest);
        LogText.TakeWord(ref rest);
        ReadOnlySpan<byte> clock = LogText.TakeWord(ref rest);
        if (clock.Length != ClockLength || clock[2] != '/' || clock[6] != '/' || clock[11] != '/' || clock[14] != '/')
            return TryReadInner(message, record);
        ReadOnlySpan<byte> request = rest;
        ReadOnlySpan<byte> method = LogText.TakeWord(ref rest), path = LogText.TakeWord(ref rest);
        if (!LogText.TakeWord(ref rest).StartsWith("HTTP/"u8)
            || !HttpText.TrySetRequest(record, request[..(method.Length + 1 + path.Length)]))
        {
            return false;
        }
        record.Kind = EventKinds.HttpRequest;
        LogText.SetSource(record, client);
        HttpText.TrySetStatus(record, LogText.TakeWord(ref rest));
        Skip(ref rest, 1);
        ReadOnlySpan<byte> agent = LogText.TakeWord(ref rest);
        if (!agent.SequenceEqual("-"u8))
            record.Set(EventFields.UserAgent, agent);
        // The token and the bytes that came; then those that went.
        Skip(ref rest, 2);
        HttpText.SetBytes(record, LogText.TakeWord(ref rest));
        Skip(ref rest, 1);
        ReadOnlySpan<byte> transaction = LogText.TakeWord(ref rest);
        if (transaction.StartsWith("tx"u8))
            record.Set(EventFields.RequestId, transaction);
        Skip(ref rest, 1);
        LogText.SetSeconds(record, LogText.TakeWord(ref rest));
        return true;
    }

    /// <summary>As an access log, but that the transaction stands before the agent.</summary>
    private static bool TryReadInner(ReadOnlySpan<byte> message, LogRecord record)
    {
        if (!AccessLog.TryRead(message, record))
            return false;
        ReadOnlySpan<byte> transaction = record.Bytes(EventFields.UserAgent);
        if (transaction.StartsWith("tx"u8))
        {
            record.Set(EventFields.RequestId, transaction);
            record.Remove(EventFields.UserAgent);
        }
        return true;
    }

    private static void Skip(scoped ref ReadOnlySpan<byte> rest, int words)
    {
        for (; words > 0; words--)
            LogText.TakeWord(ref rest);
    }
}
