using Metrics.Configuration;
using Metrics.Storage.Samples.Influx;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.Storage;

/// <summary>Where samples and state are kept: the section <c>storage</c>.</summary>
internal sealed record StorageOptions
{
    private const int CompactionFactor = 8;

    /// <summary>DuckDB needs as much to write at all.</summary>
    private const long MinMemoryBytes = 24L << 20;

    /// <summary>Data folder. Default <c>./data</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Longest time between two flushes to the store: what a kill -9 can lose. Default 1 s, at most 1 s.</summary>
    public required TimeSpan FlushInterval { get; init; }

    /// <summary>How long the embedded store keeps samples. Default 365 d.</summary>
    public required TimeSpan Retention { get; init; }

    /// <summary>
    /// Memory that the embedded store may use for its own buffers while writing and reading; compaction takes eight times as much. Default
    /// 48 MiB.
    /// </summary>
    public required long MemoryLimitBytes { get; init; }

    /// <summary>
    /// Memory that compaction of the embedded store may use: sorting a day wants more room than writing it; what does not fit goes to
    /// temporary files. Eight times <see cref="MemoryLimitBytes"/>, as far as the memory of the process allows.
    /// </summary>
    public long CompactionBytes { get; init; }

    /// <summary>Bytes of samples, and of events, that may wait for their store. 128 MiB each, less where memory is short.</summary>
    public long MaxPendingBytes { get; init; } = 128L << 20;

    /// <summary>PostgreSQL for the state, or null for the file <c>state.db</c> in <see cref="Path"/>.</summary>
    public PostgresOptions? Postgres { get; init; }

    /// <summary>InfluxDB, or null for the embedded store.</summary>
    public InfluxOptions? Influx { get; init; }

    /// <summary>The same, as far as the memory of the process allows.</summary>
    public StorageOptions Within(MemoryBudget budget)
    {
        long each = Math.Max(MinMemoryBytes, budget.DatabaseBytes / 3);
        return this with
        {
            MemoryLimitBytes = Math.Min(MemoryLimitBytes, each),
            CompactionBytes = Math.Min(CompactionBytes, 2 * each),
            MaxPendingBytes = Math.Min(MaxPendingBytes, budget.HeapBytes / 12),
        };
    }

    public static StorageOptions Read(YamlSection section)
    {
        TimeSpan flush = section.Duration("flush_interval", TimeSpan.FromSeconds(1), min: TimeSpan.FromMilliseconds(10));
        if (flush > TimeSpan.FromSeconds(1))
            section.Report("flush_interval", "must be at most 1s: it bounds what a crash can lose");
        var options = new StorageOptions
        {
            Path = section.Text("path", "./data"),
            FlushInterval = flush,
            Retention = section.Duration("retention", TimeSpan.FromDays(365), min: TimeSpan.FromHours(1)),
            MemoryLimitBytes = section.Bytes("memory_limit", 48L << 20, min: 32L << 20),
            Postgres = section.Has("state") ? PostgresOptions.Read(section.Section("state")) : null,
            Influx = section.Has("influx") ? InfluxOptions.Read(section.Section("influx")) : null,
        };
        OthersKeys.RefuseInStorage(section);
        section.Finish();
        return options with { CompactionBytes = CompactionFactor * options.MemoryLimitBytes };
    }
}
