using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Formats.Syslog;

/// <summary>What of a message did not go into its event as it was sent.</summary>
[Flags]
public enum SyslogFaults
{
    /// <summary>Everything is there.</summary>
    None = 0,

    /// <summary>It begins like RFC 5424 and breaks off; what was left became the text.</summary>
    Broken = 1,

    /// <summary>Its time is none, or too far from now; the time of its arrival stands in its place.</summary>
    Time = 2,

    /// <summary>It has more parameters than <see cref="SyslogEvents.MaxParameters"/>.</summary>
    Parameters = 4,
}

/// <summary>From messages to events; what a program's text says is read as in files of logs (<see cref="LogMessages"/>).</summary>
public static class SyslogEvents
{
    /// <summary>Facility's word.</summary>
    public const string Facility = "log.syslog.facility.name";

    /// <summary>Facility · 8 + severity.</summary>
    public const string Priority = "log.syslog.priority";

    /// <summary>What kind of message it is to its sender.</summary>
    public const string MessageId = "log.syslog.msgid";

    /// <summary>The process, where it is not given by number.</summary>
    public const string ProcessId = "log.syslog.procid";

    /// <summary>Begins the names of structured data: <c>log.syslog.structured_data.ID.NAME</c>.</summary>
    public const string StructuredData = "log.syslog.structured_data.";

    /// <summary>Address from which it came here; that of the last relay, where there are some.</summary>
    public const string ObserverIp = "observer.ip";

    /// <summary>Parameters of structured data that are kept of one message.</summary>
    public const int MaxParameters = 48;

    /// <summary>Oldest age of a time that is believed, nanoseconds: 366 days.</summary>
    public const long MaxAge = 366L * 86_400 * 1_000_000_000;

    /// <summary>How far ahead of us a time is believed, nanoseconds: one day.</summary>
    public const long MaxAhead = 86_400L * 1_000_000_000;

    /// <summary>Adds a message as one event.</summary>
    /// <param name="batch">Added to.</param>
    /// <param name="message">The message.</param>
    /// <param name="observed">When it came in, nanoseconds since 1970 UTC.</param>
    /// <param name="sender">Address from which it came; stands for the host where none is named. Empty is unknown.</param>
    /// <param name="record">To read its text with; whatever it holds is gone.</param>
    public static SyslogFaults Add(EventBatch batch, in SyslogMessage message, long observed, string sender, LogRecord record)
    {
        SyslogFaults faults = message.IsBroken ? SyslogFaults.Broken : SyslogFaults.None;
        long time = observed;
        if (message.TimeState == SyslogTimeState.Given && message.Time >= observed - MaxAge && message.Time <= observed + MaxAhead)
            time = message.Time;
        else if (message.TimeState != SyslogTimeState.Missing)
            faults |= SyslogFaults.Time;

        record.Clear();
        ReadHeader(message, sender, record);
        LogMessages.TryRead(message.App, message.Body, record);
        record.Time = time;
        record.AddTo(batch, observed, message.Body);
        if (!message.StructuredData.IsEmpty && !AddParameters(batch, message.StructuredData))
            faults |= SyslogFaults.Parameters;
        batch.AddField(ObserverIp, sender);
        return faults;
    }

    private static void ReadHeader(in SyslogMessage message, string sender, LogRecord record)
    {
        if (message.Host.IsEmpty)
            record.Set(EventFields.Host, sender);
        else
            record.Set(EventFields.Host, message.Host);
        record.Set(EventFields.Service, message.App);
        record.Set(EventFields.ProcessName, message.App);
        record.Set(IsNumber(message.ProcessId) ? EventFields.ProcessId : ProcessId, message.ProcessId);
        if (message.Priority >= 0)
        {
            record.SeverityNumber = SyslogPriority.SeverityNumber(message.Priority);
            record.Set(EventFields.Level, SyslogPriority.Level(message.Priority));
            record.Set(Facility, SyslogPriority.Facility(message.Priority));
            record.Set(Priority, SyslogPriority.Number(message.Priority));
        }
        record.Set(MessageId, message.MessageId);
    }

    /// <returns>Whether all found room: names are compared with each other, so that thousands would cost dearly.</returns>
    private static bool AddParameters(EventBatch batch, ReadOnlySpan<byte> structuredData)
    {
        var reader = new StructuredDataReader(structuredData);
        for (int added = 0; reader.Read(); added++)
        {
            if (added == MaxParameters)
                return false;
            batch.AddField(NameOf(reader.Id, reader.Name), reader.Name.IsEmpty ? "true" : ValueOf(reader.RawValue));
        }
        return true;
    }

    private static string NameOf(ReadOnlySpan<byte> id, ReadOnlySpan<byte> name)
    {
        int length = StructuredData.Length + id.Length + 1 + name.Length;
        Span<byte> full = length <= 256 ? stackalloc byte[256] : new byte[length];
        Encoding.UTF8.GetBytes(StructuredData, full);
        id.CopyTo(full[StructuredData.Length..]);
        int end = StructuredData.Length + id.Length;
        if (!name.IsEmpty)
        {
            full[end++] = (byte)'.';
            name.CopyTo(full[end..]);
            end += name.Length;
        }
        return TextPool.Shared.Get(full[..end]);
    }

    private static string ValueOf(ReadOnlySpan<byte> raw)
    {
        if (!raw.Contains((byte)'\\'))
            return TextPool.Shared.Get(raw);
        Span<byte> plain = raw.Length <= 256 ? stackalloc byte[256] : new byte[raw.Length];
        return TextPool.Shared.Get(plain[..StructuredDataReader.Unescape(raw, plain)]);
    }

    private static bool IsNumber(ReadOnlySpan<byte> text) => text.Length <= 10 && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
