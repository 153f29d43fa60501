using Metrics.Formats.Logs;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Fuzz;

/// <summary>One message of syslog, in whatever form: it always becomes one event.</summary>
internal static class SyslogTarget
{
    private const long Now = 1_795_000_000_000_000_000;

    public static void Try(ReadOnlyMemory<byte> input)
    {
        using var batch = new EventBatch("fuzz");
        SyslogEvents.Add(batch, SyslogParser.Parse(input.Span, Now, TimeZoneInfo.Utc), Now, "192.0.2.1", new LogRecord());
        if (batch.Count != 1)
            throw new FuzzException($"{batch.Count} events of one message");
        FuzzException.IfFaults(batch);
        if (batch.Times[0] is < Now - SyslogEvents.MaxAge or > Now + SyslogEvents.MaxAhead)
            throw new FuzzException($"a time that is not believed: {batch.Times[0]}");
    }
}
