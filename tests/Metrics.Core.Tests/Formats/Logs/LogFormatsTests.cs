using System.Runtime.CompilerServices;
using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>What holds of all formats and programs.</summary>
public sealed class LogFormatsTests
{
    [Fact]
    public void Formats_and_programs_have_one_reader_each()
    {
        LogFormats.All.Select(f => f.Name).Should().OnlyHaveUniqueItems();
        LogMessages.All.SelectMany(f => f.Programs).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void A_text_that_is_not_understood_leaves_what_the_header_says()
    {
        var record = new LogRecord();
        int refused = 0;
        byte[][] programs = [.. LogMessages.All.Select(f => Encoding.UTF8.GetBytes(f.Programs.Count > 0 ? f.Programs[0] : "other"))];
        foreach (byte[] program in programs.DistinctBy(Encoding.UTF8.GetString))
        {
            foreach (byte[] text in Texts())
            {
                record.Clear();
                record.Time = 1_000_000_000;
                record.Set(EventFields.Host, "web-1");
                record.Set(EventFields.Service, program);
                record.Set(EventFields.ProcessId, 7);
                if (LogMessages.TryRead(program, text, record))
                    continue;
                refused++;
                LogCases.Describe(record).Should().Be(
                    $"log 0 1970-01-01T00:00:01Z | host.name=web-1 | service.name={Encoding.UTF8.GetString(program)} | process.pid=7",
                    Encoding.UTF8.GetString(text));
            }
        }
        refused.Should().BeGreaterThan(10_000);
    }

    /// <summary>All texts of the cases that a header names a program of, and their halves.</summary>
    private static IEnumerable<byte[]> Texts([CallerFilePath] string caller = "")
    {
        foreach (string file in Directory.GetFiles(Path.Combine(Path.GetDirectoryName(caller)!, "testdata"), "*.log").Order())
        {
            foreach (string line in File.ReadLines(file).Where((_, at) => at % 5 == 0))
            {
                int at = line.IndexOf("]: ", StringComparison.Ordinal);
                byte[] text = Encoding.UTF8.GetBytes(at < 0 ? line : line[(at + 3)..]);
                // This one is counted, whatever it repeats.
                if (line.Contains("message repeated", StringComparison.Ordinal))
                    continue;
                yield return text;
                yield return text[..(text.Length / 2)];
                yield return text[..(text.Length * 9 / 10)];
            }
        }
    }
}
