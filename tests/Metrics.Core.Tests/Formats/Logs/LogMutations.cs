using System.Text;
using Metrics.Formats.Logs;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Cases of a format, broken in ways that happen and in ways that somebody means: cut, bytes turned, parts repeated.</summary>
internal static class LogMutations
{
    private const int Rounds = 4000;

    /// <summary>Reads broken records by all formats; what breaks is the test.</summary>
    /// <param name="records">Whole records.</param>
    public static void Check(IReadOnlyList<byte[]> records)
    {
        var random = new Random(1313);
        var context = new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now };
        var record = new LogRecord();
        for (int round = 0; round < Rounds; round++)
        {
            byte[] broken = Break(records[random.Next(records.Count)], random);
            foreach (LogFormat format in LogFormats.All)
            {
                record.Clear();
                try
                {
                    if (format.Parse(broken, context, record))
                        LogCases.Describe(record);
                    format.Continues?.Invoke(broken, records[random.Next(records.Count)]);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"{format.Name} reads {Convert.ToHexString(broken)}", e);
                }
            }
        }
    }

    /// <summary>The records of files of cases.</summary>
    public static List<byte[]> Records(params ReadOnlySpan<string> files)
    {
        var records = new List<byte[]>();
        foreach (string file in files)
        {
            var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now });
            IEnumerable<string> lines = File.ReadLines(file).Where(l => l.Length > 0 && !l.StartsWith("## ", StringComparison.Ordinal));
            records.AddRange(LogCases.Records(reader, lines));
        }
        return records;
    }

    private static byte[] Break(byte[] whole, Random random)
    {
        byte[] broken = [.. whole];
        switch (random.Next(5))
        {
            case 0:
                return broken[..random.Next(broken.Length + 1)];
            case 1:
                return broken[random.Next(broken.Length + 1)..];
            case 2:
                for (int turned = random.Next(1, 5); turned > 0; turned--)
                    broken[random.Next(broken.Length)] = (byte)random.Next(256);
                return broken;
            case 3:
                int from = random.Next(broken.Length);
                int to = random.Next(from, broken.Length);
                return [.. broken[..to], .. broken[from..]];
            default:
                byte[] mark = Encoding.ASCII.GetBytes(s_marks[random.Next(s_marks.Length)]);
                int at = random.Next(broken.Length);
                return [.. broken[..at], .. mark, .. broken[at..]];
        }
    }

    private static readonly string[] s_marks =
    [
        "\"", "'", "{", "}", "[", "]", "(", ")", ": ", "=", " ", "\n", "\\ud800", "\u001d", "->", "->\n",
    ];
}
