using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Storage.Events;

/// <summary>A folder with a real event log, which can be closed and opened again; it goes with the test.</summary>
/// <param name="time">The log's clock.</param>
internal sealed class EventLogFolder(TimeProvider time) : IDisposable
{
    private EventLogMetrics? _metrics;

    public string Path { get; } = Directory.CreateTempSubdirectory("events").FullName;

    public MetricRegistry Registry { get; } = new();

    public EventLogMetrics Metrics => _metrics ??= new EventLogMetrics(Registry);

    public StorageOptions Storage => MetricsOptions.Parse($"storage: {{ path: '{Path}' }}").Storage;

    public EventLog Open(EventLogOptions? bounds = null)
    {
        var log = new EventLog(Storage, bounds ?? new EventLogOptions(), Metrics, time, NullLogger<EventLog>.Instance);
        log.Open();
        return log;
    }

    /// <summary>Commits a batch, which is disposed.</summary>
    public static async Task WriteAsync(EventLog log, EventBatch batch)
    {
        using (batch)
        {
            log.Number(batch);
            await log.WriteAsync([batch], default);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
