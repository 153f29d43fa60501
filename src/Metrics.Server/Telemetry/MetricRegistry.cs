using Prometheus;

namespace Metrics.Telemetry;

/// <summary>
/// All of the daemon's own metrics, <c>metricsd_*</c>. Each room declares its own here, by its <see cref="OwnMetrics"/>; this folder alone
/// knows the client library. A metric without labels is on the page from its declaration on, at zero.
/// </summary>
/// <remarks>Declaring throws <see cref="ArgumentException"/> for a name that is not ours or is taken: a fault of the program.</remarks>
internal sealed class MetricRegistry
{
    private const string Prefix = "metricsd_";

    private readonly CollectorRegistry _registry = global::Prometheus.Metrics.NewCustomRegistry();
    private readonly IMetricFactory _factory;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _names = [];
    private readonly List<Action> _beforeCollect = [];

    public MetricRegistry()
    {
        _factory = global::Prometheus.Metrics.WithCustomRegistry(_registry);
        Faults = new Faults(this);
        Damages = new Damages(this);
        Ledger = new Ledger(this);
        _registry.AddBeforeCollectCallback(() =>
        {
            lock (_lock)
                _beforeCollect.ForEach(update => update());
        });
    }

    /// <summary>Guards what rooms do, and counts what fails.</summary>
    public Faults Faults { get; }

    /// <summary>What was found damaged in the data folder.</summary>
    public Damages Damages { get; }

    /// <summary>Checks that what comes in is accounted for.</summary>
    public Ledger Ledger { get; }

    public Counter Counter(string name, string help) => new(_factory.CreateCounter(Claim(name), help));

    public Labelled<Counter> Counter(string name, string help, params string[] labels) =>
        Labelled<Counter>.Of(_factory.CreateCounter(Claim(name), help, labels), c => new Counter(c));

    public Gauge Gauge(string name, string help) => new(_factory.CreateGauge(Claim(name), help));

    public Labelled<Gauge> Gauge(string name, string help, params string[] labels) =>
        Labelled<Gauge>.Of(_factory.CreateGauge(Claim(name), help, labels), g => new Gauge(g));

    /// <param name="name">Its name.</param>
    /// <param name="help">What it says.</param>
    /// <param name="buckets">Upper bounds, ascending, in the unit of the name; what is above the last is counted too.</param>
    public Histogram Histogram(string name, string help, double[] buckets) =>
        new(_factory.CreateHistogram(Claim(name), help, new HistogramConfiguration { Buckets = buckets }));

    /// <inheritdoc cref="Histogram(string, string, double[])" />
    public Labelled<Histogram> Histogram(string name, string help, double[] buckets, params string[] labels)
    {
        var configuration = new HistogramConfiguration { Buckets = buckets, LabelNames = labels };
        return Labelled<Histogram>.Of(_factory.CreateHistogram(Claim(name), help, configuration), h => new Histogram(h));
    }

    /// <summary>Has something run before each exposition, for gauges that are cheaper to read than to keep.</summary>
    public void BeforeCollect(Action update)
    {
        lock (_lock)
            _beforeCollect.Add(update);
    }

    /// <summary>Writes all metrics in the Prometheus text format.</summary>
    public Task WriteAsync(Stream to, CancellationToken ct) => _registry.CollectAndExportAsTextAsync(to, ct);

    private string Claim(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            throw new ArgumentException($"{name} does not begin with {Prefix}", nameof(name));
        lock (_lock)
        {
            if (!_names.Add(name))
                throw new ArgumentException($"{name} is declared twice", nameof(name));
        }
        return name;
    }
}
