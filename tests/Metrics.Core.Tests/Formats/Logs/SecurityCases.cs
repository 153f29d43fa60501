using System.Text;
using Metrics.Formats.Logs;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Reads records of tools for security, in tests that look at what matters most.</summary>
internal static class SecurityCases
{
    /// <summary>Reads one record with all formats; what none reads has no dataset.</summary>
    public static LogRecord Read(string text)
    {
        var reader = new LogReader(LogFormats.All, NewContext());
        var record = new LogRecord();
        reader.Read(Encoding.UTF8.GetBytes(text), record);
        return record;
    }

    /// <summary>Reads a file as one source.</summary>
    public static List<LogRecord> ReadFile(string path) => ReadLines(File.ReadLines(path).Where(l => l.Length > 0));

    /// <summary>Reads lines as one source.</summary>
    public static List<LogRecord> ReadLines(IEnumerable<string> lines)
    {
        var reader = new LogReader(LogFormats.All, NewContext());
        var read = new List<LogRecord>();
        foreach (byte[] text in LogCases.Records(new LogReader(LogFormats.All, NewContext()), lines))
        {
            var record = new LogRecord();
            reader.Read(text, record);
            read.Add(record);
        }
        return read;
    }

    private static LogContext NewContext() => new(TimeZoneInfo.Utc) { Now = LogCases.Now };
}
