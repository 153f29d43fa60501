using Metrics.Telemetry;

namespace Metrics.Storage;

/// <summary>What becomes of samples on their way to the store.</summary>
internal sealed class StoreMetrics(MetricRegistry registry) : WriterMetrics(
    registry, "metricsd_store", "samples", "the store", "rejected", "not_finite", "spool_full", "expired");
