using System.Text;
using BenchmarkDotNet.Attributes;
using Metrics.Configuration;
using Metrics.Formats.Logs;
using Metrics.Intake;
using Metrics.Intake.Templates;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Telemetry;

namespace Metrics.Benchmarks;

/// <summary>Kinds of lines: what the stage of the intake takes for a line of a source that is known.</summary>
[MemoryDiagnoser]
public class LineTemplateBenchmarks
{
    private const int Lines = 8_000;

    private readonly TemplateStage _stage = NewStage();
    private readonly EventBatch _auth = Read((i, random) => LogScenario.AuthLine(i, random));
    private readonly EventBatch _nova = Read(NovaLine);

    /// <summary>Of an auth log, where parsers understand five lines of eight.</summary>
    [Benchmark(OperationsPerInvoke = Lines)]
    public ValueTask Auth() => _stage.TakeAsync(new EventWork(_auth, null));

    /// <summary>Lines of nova-compute, none of which is understood further.</summary>
    [Benchmark(OperationsPerInvoke = Lines)]
    public ValueTask Nova() => _stage.TakeAsync(new EventWork(_nova, null));

    private static EventBatch Read(Func<int, Random, string> line)
    {
        var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = 1_795_680_000_000_000_000 });
        var (record, batch, random) = (new LogRecord(), new EventBatch("bench"), new Random(1));
        for (int i = 0; i < Lines; i++)
        {
            byte[] text = Encoding.UTF8.GetBytes(line(i, random));
            reader.Read(text, record);
            record.AddTo(batch, 1_795_680_000_000_000_000, text);
        }
        return batch;
    }

    private static string NovaLine(int i, Random random) => "2026-11-26 10:00:00.123 2931 INFO nova.compute.manager "
        + "[req-3ea4052c-895d-4b64 113d3a99c3da401fbd62cc2caa5b96d2 54fadb412c4e40cdbaed9335e4c35a9e - - -] "
        + $"[instance: {new Guid(i, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8)}] "
        + (i % 3) switch
        {
            0 => $"Took {random.Next(100)}.{random.Next(100):00} seconds to build instance.",
            1 => $"Deleting instance files /var/lib/nova/instances/{random.Next():x}_del",
            _ => "VM Stopped (Lifecycle Event)",
        };

    private static TemplateStage NewStage()
    {
        var registry = new MetricRegistry();
        return new TemplateStage(
            new Current<EventLogOptions>(new EventLogOptions()), null!, new IntakeMetrics(registry), new TemplateMetrics(registry),
            TimeProvider.System);
    }
}
