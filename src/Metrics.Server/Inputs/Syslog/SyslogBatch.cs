using Metrics.Formats.Logs;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Inputs.Syslog;

/// <summary>Parses messages into one batch and counts what is wrong with them. One thread at a time.</summary>
/// <param name="source">Names the batches: <c>INPUT/SENDER</c>.</param>
/// <param name="zone">Where times without zone are from.</param>
/// <param name="counters">Where it counts.</param>
/// <param name="time">The clock.</param>
internal sealed class SyslogBatch(string source, TimeZoneInfo zone, InputCounters counters, TimeProvider time)
{
    private readonly LogRecord _record = new();
    private EventBatch? _batch;
    private int _lastCount = 64;
    private long _now;

    /// <summary>Messages in it.</summary>
    public int Count => _batch?.Count ?? 0;

    /// <summary>Takes the time for the messages that come now: one look at the clock a read.</summary>
    public void Begin() => _now = time.GetUnixNanoseconds();

    /// <summary>Adds a message.</summary>
    /// <param name="frame">Its bytes without frame.</param>
    /// <param name="sender">From where it came.</param>
    /// <param name="wasCut">Whether it was too long.</param>
    public void Add(ReadOnlySpan<byte> frame, string sender, bool wasCut)
    {
        SyslogMessage message = SyslogParser.Parse(frame, _now, zone);
        _batch ??= new EventBatch(source, _lastCount);
        SyslogFaults faults = SyslogEvents.Add(_batch, message, _now, sender, _record);
        if (wasCut)
            counters.Add(InputError.TooLong);
        if (faults == SyslogFaults.None)
            return;
        if (faults.HasFlag(SyslogFaults.Broken))
            counters.Add(InputError.Malformed);
        if (faults.HasFlag(SyslogFaults.Time))
            counters.Add(InputError.Time);
        if (faults.HasFlag(SyslogFaults.Parameters))
            counters.Add(InputError.Parameters);
    }

    /// <summary>What was added since the last call, or null; whoever gets it disposes it.</summary>
    public EventBatch? Take()
    {
        EventBatch? batch = _batch;
        _batch = null;
        if (batch is not null)
            _lastCount = Math.Max(16, batch.Count);
        return batch;
    }
}
