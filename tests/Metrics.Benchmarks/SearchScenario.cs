using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Metrics.Benchmarks;

/// <summary>Ten million lines of an auth log in the event log, searched over HTTP; beside grep over the file that they came from.</summary>
internal static class SearchScenario
{
    private const int Lines = 10_000_000;
    private const int Rounds = 5;
    private const string Planted = "Needle in a haystack 4711";

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync()
    {
        string own = Directory.CreateTempSubdirectory("bench-search").FullName, log = Path.Combine(own, "auth.log");
        try
        {
            LogScenario.WriteLog(log, Lines, Planted);
            using LogDaemon daemon = await LogDaemon.StartAsync(own, "all");
            log = daemon.Read(log);
            Console.WriteLine($"{Lines:#,0} lines, {new FileInfo(log).Length >> 20} MiB; storing them …");
            await daemon.WaitForAsync(Lines);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{new FileInfo(Path.Combine(own, "data", "events.duckdb")).Length >> 20} MiB on disk; medians of {Rounds}\n"));
            Console.WriteLine("| what is searched | found | metricsd s | grep s |\n| --- | --- | --- | --- |");
            await ReportAsync(daemon, log, "a text of one line, the first", "text=needle%20IN%20a", "needle IN a");
            await ReportAsync(daemon, log, "an address, as a text", "text=203.0.77.13%20", "203.0.77.13 ");
            await ReportAsync(daemon, log, "an address, as a field", "match[]=%7Bsource_ip=%22203.0.77.13%22%7D", "203.0.77.13 ");
            await ReportAsync(daemon, log, "what there is none of", "text=segfault%20at", "segfault at");
            await ReportAsync(daemon, log, "what is everywhere", "text=failed%20password", "failed password");
            Console.WriteLine($"\nmetricsd: {daemon.HighestMebibytes:0} MiB at most");
        }
        finally
        {
            Directory.Delete(own, recursive: true);
        }
        return 0;
    }

    private static async Task ReportAsync(LogDaemon daemon, string log, string what, string question, string text)
    {
        var (ours, grep) = (new List<double>(), new List<double>());
        int found = 0;
        for (int round = 0; round < Rounds; round++)
        {
            long start = TimeProvider.System.GetTimestamp();
            using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync($"/api/v1/events?limit=100&{question}"));
            ours.Add(TimeProvider.System.GetElapsedTime(start).TotalSeconds);
            found = answer.RootElement.GetProperty("data").GetProperty("events").GetArrayLength();
            start = TimeProvider.System.GetTimestamp();
            // As many as the other finds, as a person would ask; grep has no newest first.
            using Process process = Process.Start(
                new ProcessStartInfo("grep", ["-i", "-F", "-m", "100", "-c", "--", text, log]) { RedirectStandardOutput = true })!;
            await process.StandardOutput.ReadToEndAsync();
            grep.Add(TimeProvider.System.GetElapsedTime(start).TotalSeconds);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {found} | {MeasuredProcess.Median(ours):0.00} | {MeasuredProcess.Median(grep):0.00} |"));
    }
}
