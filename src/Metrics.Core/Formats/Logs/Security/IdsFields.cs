using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>What alerts of several tools say: how bad it is, by the two ways in which tools count, and what carried the packet.</summary>
internal static class IdsFields
{
    /// <summary>Sets a priority of Suricata or Snort, 1 being the worst.</summary>
    public static void SetPriority(ReadOnlySpan<byte> priority, LogRecord record)
    {
        if (!Utf8Parser.TryParse(priority, out int value, out int length) || length != priority.Length)
            return;
        record.Set(EventFields.Severity, priority);
        // Snort's 0 is a rule without class.
        record.SeverityNumber = value switch { 1 => Severity.Error, 2 => Severity.Warning, 3 => Severity.Notice, _ => Severity.Info };
    }

    /// <summary>Sets a level of OSSEC or Wazuh, 0 to 16, 16 being the worst.</summary>
    public static void SetLevel(ReadOnlySpan<byte> level, LogRecord record)
    {
        if (!Utf8Parser.TryParse(level, out int value, out int length) || length != level.Length)
            return;
        record.Set(EventFields.Severity, level);
        record.SeverityNumber = value switch
        {
            <= 3 => Severity.Info,
            <= 6 => Severity.Notice,
            <= 11 => Severity.Warning,
            <= 14 => Severity.Error,
            _ => Severity.Critical,
        };
    }

    /// <summary>Sets what carries the packet in small letters: <c>tcp</c>, <c>ipv6-icmp</c>.</summary>
    public static void SetTransport(ReadOnlySpan<byte> protocol, LogRecord record)
    {
        Span<byte> lower = stackalloc byte[32];
        if (Ascii.ToLower(protocol, lower, out int length) == OperationStatus.Done)
            record.Set(EventFields.Transport, lower[..length]);
    }
}
