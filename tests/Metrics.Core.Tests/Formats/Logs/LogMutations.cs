using Metrics.Formats.Logs;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Cases of formats, broken in ways that happen and in ways that somebody means: cut, turned, repeated, with marks.</summary>
internal static class LogMutations
{
    private const int MaxPart = 40;

    private static readonly byte[][] s_marks =
    [
        .. new[]
        {
            "\"", "'", "{", "}", "[", "]", "(", ")", "/", "|", ",", "-", ":", ": ", "=", " ", "\n", "\t", "\\", "\\ud800", "\u001d",
            "->", "->\n",
        }.Select(System.Text.Encoding.ASCII.GetBytes),
    ];

    /// <summary>The records of all files of cases, or of one.</summary>
    public static List<byte[]> Records(string files = "*.log")
    {
        var records = new List<byte[]>();
        foreach (string file in Directory.EnumerateFiles(Cases.Own(""), files).Order(StringComparer.Ordinal))
        {
            var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now });
            IEnumerable<string> lines = File.ReadLines(file).Where(l => l.Length > 0 && !l.StartsWith("## ", StringComparison.Ordinal));
            records.AddRange(LogCases.Records(reader, lines).Where(r => r.Length > 0));
        }
        return records;
    }

    /// <summary>A record, broken up to three times; now and then with the end of another.</summary>
    public static byte[] Break(byte[] whole, byte[] other, Random random)
    {
        byte[] broken = whole;
        for (int times = random.Next(1, 4); times > 0 && broken.Length > 0; times--)
            broken = BreakOnce(broken, other, random);
        return broken;
    }

    private static byte[] BreakOnce(byte[] whole, byte[] other, Random random)
    {
        int at = random.Next(whole.Length), length = random.Next(Math.Min(whole.Length - at, MaxPart)) + 1;
        switch (random.Next(9))
        {
            case 0:
                return whole[..at];
            case 1:
                return whole[at..];
            case 2:
                return [.. whole[..at], .. whole[(at + length)..]];
            case 3:
                return [.. whole[..at], .. whole.AsSpan(random.Next(at + 1))];
            case 4:
                int to = random.Next(whole.Length);
                return [.. whole[..to], .. whole.AsSpan(at, length), .. whole[to..]];
            case 5:
                return [.. whole[..at], .. other.AsSpan(random.Next(other.Length))];
            case 6:
                byte[] mark = s_marks[random.Next(s_marks.Length)];
                return [.. whole[..at], .. mark, .. whole[(at + random.Next(2))..]];
            default:
                byte[] turned = [.. whole];
                for (int turns = random.Next(1, 5); turns > 0; turns--)
                    turned[random.Next(turned.Length)] = (byte)random.Next(256);
                return turned;
        }
    }
}
