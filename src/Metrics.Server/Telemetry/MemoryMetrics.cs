namespace Metrics.Telemetry;

/// <summary>The memory of the process, and what was refused for want of it.</summary>
internal sealed class MemoryMetrics : OwnMetrics
{
    private readonly MemoryBudget _budget;

    public MemoryMetrics(MetricRegistry registry, MemoryBudget budget)
        : base(registry)
    {
        _budget = budget;
        Limit = registry.Gauge("metricsd_memory_limit_bytes", "What the process may have, by its memory cgroup, the machine or memory.limit.");
        HeapLimit = registry.Gauge("metricsd_memory_heap_limit_bytes", "What of it the managed heap may be.");
        Share = registry.Gauge("metricsd_memory_share_bytes", "What may be held for a purpose.", "use");
        InUse = registry.Gauge("metricsd_memory_share_in_use_bytes", "What is held for a purpose.", "use");
        Refused = registry.Counter(
            "metricsd_memory_refused_total", "What was refused for want of memory: samples of new series, queries, pushes as a whole.", "what");
        BeforeCollect(Read);
    }

    public Gauge Limit { get; }

    public Gauge HeapLimit { get; }

    public Labelled<Gauge> Share { get; }

    public Labelled<Gauge> InUse { get; }

    public Labelled<Counter> Refused { get; }

    private void Read()
    {
        Limit.Set(_budget.Limit.Bytes);
        HeapLimit.Set(_budget.HeapBytes);
        foreach (MemoryShare share in (MemoryShare[])[_budget.Queries, _budget.Bodies])
        {
            Share.WithLabels(share.Name).Set(share.Bytes);
            InUse.WithLabels(share.Name).Set(share.InUse);
        }
        foreach ((string what, long count) in _budget.Refused)
            Refused.WithLabels(what).IncTo(count);
    }
}
