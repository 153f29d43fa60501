using System.Globalization;

namespace Metrics.Benchmarks;

/// <summary>What the daemon costs when it only watches its own machine, with nothing configured: after two minutes, over five.</summary>
internal static class IdleScenario
{
    public static async Task<int> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("bench-idle").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "metrics.yaml"), "listen: 127.0.0.1:19722\n");
        using MeasuredProcess metricsd = MeasuredProcess.StartDaemon(folder);
        await MeasuredProcess.WaitAsync(120);
        Console.WriteLine("| minute | CPU % of a core | resident MiB |\n| --- | --- | --- |");
        for (int minute = 1; minute <= 5; minute++)
        {
            double before = metricsd.CpuSeconds;
            await MeasuredProcess.WaitAsync(60);
            Console.WriteLine(
                string.Create(
                CultureInfo.InvariantCulture,
                $"| {minute} | {(metricsd.CpuSeconds - before) / 60 * 100:0.00} | {metricsd.ResidentMebibytes:0} |"));
        }
        return 0;
    }
}
