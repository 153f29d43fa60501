using System.Diagnostics;
using System.Globalization;
using Metrics.Telemetry;

namespace Metrics.Hosting;

/// <summary>The process itself, as the system sees it at each exposition.</summary>
internal sealed class ProcessMetrics : OwnMetrics
{
    public ProcessMetrics(MetricRegistry registry, TimeProvider time)
        : base(registry)
    {
        BuildInfo = registry.Gauge("metricsd_build_info", "A constant 1, labelled by version and runtime.", "version", "runtime");
        Cpu = registry.Counter("metricsd_process_cpu_seconds_total", "Processor time that the daemon has used.");
        ResidentBytes = registry.Gauge("metricsd_process_resident_memory_bytes", "Resident memory.");
        HeapBytes = registry.Gauge("metricsd_dotnet_heap_bytes", "Bytes on the managed heap, garbage included.");
        HeapCommittedBytes = registry.Gauge(
            "metricsd_dotnet_heap_committed_bytes", "Bytes that the managed heap has taken from the system.");
        Collections = registry.Counter(
            "metricsd_dotnet_collections_total", "Garbage collections, by the oldest generation that they looked through.", "generation");
        CollectionPause = registry.Counter(
            "metricsd_dotnet_collection_pause_seconds_total", "For how long garbage collections have held everything up.");
        StartTime = registry.Gauge("metricsd_process_start_time_seconds", "When the daemon started.");
        BuildInfo.WithLabels(VersionText.Product, Environment.Version.ToString()).Set(1);
        StartTime.Set(time.GetUtcNow().ToUnixTimeSeconds());
        BeforeCollect(Read);
    }

    public Labelled<Gauge> BuildInfo { get; }

    public Counter Cpu { get; }

    public Gauge ResidentBytes { get; }

    public Gauge HeapBytes { get; }

    public Gauge HeapCommittedBytes { get; }

    public Labelled<Counter> Collections { get; }

    public Counter CollectionPause { get; }

    public Gauge StartTime { get; }

    private void Read()
    {
        using var process = Process.GetCurrentProcess();
        Cpu.IncTo(process.TotalProcessorTime.TotalSeconds);
        ResidentBytes.Set(process.WorkingSet64);
        HeapBytes.Set(GC.GetTotalMemory(false));
        HeapCommittedBytes.Set(GC.GetGCMemoryInfo().TotalCommittedBytes);
        CollectionPause.IncTo(GC.GetTotalPauseDuration().TotalSeconds);
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            // The runtime counts a collection of a generation for the younger ones too.
            int older = generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0;
            Collections.WithLabels(generation.ToString(CultureInfo.InvariantCulture)).IncTo(GC.CollectionCount(generation) - older);
        }
    }
}
