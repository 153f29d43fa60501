using Metrics.Telemetry;

namespace Metrics.Storage.Samples.Influx;

/// <summary>What goes to InfluxDB by one sender: each kind has its own spool and its own precision.</summary>
/// <param name="Name">In metrics: <c>samples</c> or <c>events</c>.</param>
/// <param name="DataFolder">Where the daemon keeps its data.</param>
/// <param name="SpoolFolder">The spool's folder therein.</param>
/// <param name="Precision">Of the timestamps.</param>
/// <param name="Dropped">Counts lines that are lost, by reason.</param>
/// <param name="Requests">Counts requests, by status.</param>
internal sealed record InfluxFlow(
    string Name, string DataFolder, string SpoolFolder, InfluxPrecision Precision, Labelled<Counter> Dropped, Labelled<Counter> Requests)
{
    /// <summary>What sends its requests; null is the network.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>The spool.</summary>
    public string Folder => Path.Combine(DataFolder, SpoolFolder);

    public static InfluxFlow Samples(string dataFolder, StoreMetrics samples, InfluxMetrics metrics) =>
        new("samples", dataFolder, "spool", InfluxPrecision.Milliseconds, samples.Dropped, metrics.Requests);

    public static InfluxFlow Events(string dataFolder, InfluxMetrics metrics) =>
        new("events", dataFolder, "spool-events", InfluxPrecision.Nanoseconds, metrics.EventCopiesDropped, metrics.Requests);
}

/// <summary>Unit of the timestamps in lines.</summary>
internal enum InfluxPrecision
{
    Milliseconds,
    Nanoseconds,
}
