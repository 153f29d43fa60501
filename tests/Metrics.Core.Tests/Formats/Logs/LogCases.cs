using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>
/// Tables of cases of a format: <c>testdata/NAME.log</c> holds lines as they are written, <c>NAME.expected</c> what each becomes; empty
/// lines and those that begin with <c>## </c> are passed over, <c>\xHH</c> stands for a byte.
/// </summary>
internal static class LogCases
{
    /// <summary>The present of all cases: 26 November 2026, 10:00 UTC.</summary>
    public const long Now = 1_795_687_200_000_000_000;

    /// <summary>Reads each case with all formats, as a source that nobody has described, and compares.</summary>
    public static void Check(string name, [CallerFilePath] string caller = "")
    {
        string cases = Path.Combine(Path.GetDirectoryName(caller)!, "testdata", name + ".log");
        string expected = Path.ChangeExtension(cases, ".expected");
        var actual = new StringBuilder();
        var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = Now });
        var record = new LogRecord();
        IEnumerable<string> lines = File.ReadLines(cases).Where(l => l.Length > 0 && !l.StartsWith("## ", StringComparison.Ordinal));
        foreach (byte[] text in Records(reader, lines))
        {
            bool fits = reader.Read(text, record);
            actual.Append(fits ? Describe(record) : "?").Append('\n');
        }
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(expected, actual.ToString());
        actual.ToString().Should().Be(File.ReadAllText(expected), $"UPDATE_GOLDEN=1 writes {name}.expected");
    }

    /// <summary>Lines as records: a line that goes on with the one before is joined to it.</summary>
    public static IEnumerable<byte[]> Records(LogReader reader, IEnumerable<string> lines)
    {
        byte[]? first = null;
        var open = new List<byte>();
        var scratch = new LogRecord();
        foreach (string line in lines)
        {
            byte[] bytes = Unescape(line);
            if (first is not null && reader.JoinFor(first)?.Invoke(first, bytes) == true)
            {
                open.Add((byte)'\n');
                open.AddRange(bytes);
                continue;
            }
            if (first is not null)
                yield return [.. open];
            first = bytes;
            open = [.. bytes];
            // The format is known from the first line on, so that the next one can be told to belong to it.
            reader.Read(bytes, scratch);
        }
        if (first is not null)
            yield return [.. open];
    }

    /// <summary>One line: kind, severity, time, then the fields in their order.</summary>
    public static string Describe(LogRecord record)
    {
        var text = new StringBuilder(record.Kind).Append(CultureInfo.InvariantCulture, $" {record.SeverityNumber}");
        text.Append(' ').Append(record.Time is { } time ? Timestamp(time) : "-");
        for (int at = 0; at < record.Count; at++)
            text.Append(CultureInfo.InvariantCulture, $" | {record[at].Name}={record[at].Value.ReplaceLineEndings("\\n")}");
        return text.ToString();
    }

    private static string Timestamp(long time) =>
        DateTime.UnixEpoch.AddTicks(time / 100).ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture);

    private static byte[] Unescape(string line)
    {
        if (!line.Contains(@"\x", StringComparison.Ordinal))
            return Encoding.UTF8.GetBytes(line);
        var bytes = new List<byte>();
        for (int at = 0; at < line.Length; at++)
        {
            if (string.CompareOrdinal(line, at, @"\x", 0, 2) == 0 && at + 4 <= line.Length
                && byte.TryParse(line.AsSpan(at + 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out byte value))
            {
                bytes.Add(value);
                at += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(line.Substring(at, char.IsHighSurrogate(line[at]) ? 2 : 1)));
                at += char.IsHighSurrogate(line[at]) ? 1 : 0;
            }
        }
        return [.. bytes];
    }
}
