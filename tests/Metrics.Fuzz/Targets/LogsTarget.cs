using System.Text;
using Metrics.Formats.Logs;

namespace Metrics.Fuzz;

/// <summary>A file of logs whose format nobody has said: however it is read piece by piece, it holds the same records.</summary>
internal static class LogsTarget
{
    private const long Now = 1_795_000_000_000_000_000;

    public static void Try(ReadOnlyMemory<byte> input) => FuzzException.IfNotEqual(
        Read(input.Span, Math.Max(1, input.Length)), Read(input.Span, 7), "read whole and in pieces");

    private static string Read(ReadOnlySpan<byte> input, int step)
    {
        var records = new StringBuilder();
        var record = new LogRecord();
        var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = Now });
        var splitter = new LogSplitter(reader.JoinFor);
        int taken = 0;
        for (int end = 0; taken < input.Length; taken = Take(input, taken, end, splitter, reader, record, records))
        {
            if (end == input.Length)
                break;
            end = Math.Min(end + step, input.Length);
        }
        Take(input, taken, input.Length, splitter, reader, record, records, LogEnd.Closed);
        return records.ToString();
    }

    private static int Take(
        ReadOnlySpan<byte> input, int from, int to, LogSplitter splitter, LogReader reader, LogRecord record, StringBuilder records,
        LogEnd end = LogEnd.Open)
    {
        ReadOnlySpan<byte> rest = input[from..to];
        while (splitter.TryTake(ref rest, end, out ReadOnlySpan<byte> text))
        {
            reader.Read(text, record);
            if (record.Fault is { } fault)
                throw fault;
            records.Append(record.Kind).Append(' ').Append(record.Time);
            for (int at = 0; at < record.Count; at++)
                records.Append(' ').Append(record[at].Name).Append('=').Append(record[at].Value);
            records.Append('\n');
        }
        return to - rest.Length;
    }
}
