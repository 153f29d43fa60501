using Metrics.Formats.Logs;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Logs hold what others have written: whatever the bytes, no format throws.</summary>
public sealed class LogFuzzTests
{
    private const int Rounds = 40;

    [Fact]
    public void No_mutation_of_a_case_throws()
    {
        var random = new Random(13);
        var context = new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now };
        var record = new LogRecord();
        foreach (string file in Directory.EnumerateFiles(Cases.Own(""), "*.log").Order(StringComparer.Ordinal))
        {
            foreach (byte[] line in LogCases.Records(new LogReader(LogFormats.All, context), File.ReadLines(file)))
            {
                for (int round = 0; round < Rounds; round++)
                {
                    byte[] mutated = Mutate(line, random);
                    foreach (LogFormat format in LogFormats.All)
                    {
                        record.Clear();
                        format.Parse(mutated, context, record);
                        format.Continues?.Invoke(line, mutated);
                    }
                    int colon = mutated.AsSpan().IndexOf(": "u8);
                    foreach (LogMessageFormat program in LogMessages.All)
                    {
                        record.Clear();
                        program.Parse(mutated.AsSpan(colon + 1), record);
                        program.Parse(mutated.AsSpan(Math.Min(mutated.Length, colon + 2)), record);
                    }
                }
            }
        }
    }

    private static byte[] Mutate(byte[] line, Random random)
    {
        var bytes = new List<byte>(line);
        for (int times = random.Next(1, 4); times > 0 && bytes.Count > 0; times--)
        {
            int at = random.Next(bytes.Count);
            int length = random.Next(Math.Min(bytes.Count - at, 40)) + 1;
            switch (random.Next(6))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 4:
                    bytes[at] = "\"\\[]{}:, \n\t-'/()|"u8[random.Next(17)];
                    break;
                default:
                    bytes.RemoveRange(0, at);
                    break;
            }
        }
        return [.. bytes];
    }
}
