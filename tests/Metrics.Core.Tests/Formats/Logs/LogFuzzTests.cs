using System.Globalization;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Logs hold what others have written: whatever the bytes, no format throws or hangs. METRICS_FUZZ lines are tried.</summary>
public sealed class LogFuzzTests
{
    /// <summary>Broken records of each whole one that each of the formats reads.</summary>
    private const int Rounds = 40;

    private static readonly int s_lines =
        int.Parse(Environment.GetEnvironmentVariable("METRICS_FUZZ") ?? "100000", CultureInfo.InvariantCulture);

    private readonly Random _random = new(13);
    private readonly LogContext _context = new(TimeZoneInfo.Utc) { Now = LogCases.Now };
    private readonly LogRecord _record = new();

    [Fact]
    public void Each_format_reads_whatever_is_made_of_each_case()
    {
        List<byte[]> records = LogMutations.Records();
        foreach (byte[] whole in records)
        {
            for (int round = 0; round < Rounds; round++)
                ReadByEach(LogMutations.Break(whole, Any(records), _random), whole);
        }
    }

    /// <summary>As an input does it: the format is guessed, records are joined, and what was read becomes an event.</summary>
    [Fact]
    public void Lines_become_events_whatever_they_hold()
    {
        const int LinesPerFile = 1000;
        List<byte[]> records = LogMutations.Records();
        byte[] last = [];
        for (int read = 0; read < s_lines; read += LinesPerFile)
        {
            var reader = new LogReader(LogFormats.All, _context);
            using var batch = new EventBatch("fuzz", LinesPerFile);
            while (batch.Count < LinesPerFile)
            {
                byte[] broken = LogMutations.Break(Any(records), Any(records), _random);
                Try(broken, "the reader", () =>
                {
                    reader.JoinFor(last)?.Invoke(last, broken);
                    reader.Read(broken, _record);
                    _record.AddTo(batch, LogCases.Now, broken);
                });
                // What a reader catches, so that the line is kept, is a fault of a format all the same.
                if (batch.Faults.Count > 0)
                    throw new InvalidOperationException(Shown(broken), batch.Faults[0]);
                _record.Count.Should().BeLessThan(EventBounds.MaxFields);
                last = broken;
            }
        }
    }

    /// <summary>What takes time by the square of a line's length takes minutes here, and is a hang to who is sent such lines.</summary>
    [Fact]
    public async Task Long_lines_take_no_longer_than_many_short_ones()
    {
        const int Length = 512 << 10;
        List<byte[]> records = LogMutations.Records();
        Task reading = Task.Run(() =>
        {
            foreach (IGrouping<string, byte[]> alike in records.GroupBy(r => Convert.ToHexString(r.AsSpan(0, Math.Min(r.Length, 4)))))
            {
                byte[] whole = alike.First();
                int at = _random.Next(whole.Length), length = _random.Next(Math.Min(whole.Length - at, 12)) + 1;
                byte[] part = whole[at..(at + length)];
                byte[] repeated = [.. whole[..at], .. Enumerable.Repeat(part, Length / part.Length).SelectMany(p => p), .. whole[at..]];
                ReadByEach(repeated, whole);
            }
        });
        await reading.WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    private byte[] Any(List<byte[]> records) => records[_random.Next(records.Count)];

    private void ReadByEach(byte[] broken, byte[] whole)
    {
        foreach (LogFormat format in LogFormats.All)
        {
            Try(broken, format.Name, () =>
            {
                _record.Clear();
                if (format.Parse(broken, _context, _record))
                    LogCases.Describe(_record);
                format.Continues?.Invoke(whole, broken);
                format.Continues?.Invoke(broken, whole);
            });
        }
        int colon = broken.AsSpan().IndexOf(": "u8);
        foreach (LogMessageFormat program in LogMessages.All)
        {
            Try(broken, program.Dataset, () =>
            {
                _record.Clear();
                program.Parse(broken.AsSpan(colon + 1), _record);
                program.Parse(broken.AsSpan(Math.Min(broken.Length, colon + 2)), _record);
            });
        }
    }

    private static void Try(byte[] line, string who, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{who} reads {Shown(line)}", e);
        }
    }

    private static string Shown(byte[] line) => Convert.ToHexString(line.AsSpan(0, Math.Min(line.Length, 4096)));
}
