using Prometheus;

namespace Metrics.Telemetry;

/// <summary>A metric of which there is one for each combination of its labels' values.</summary>
/// <typeparam name="T"><see cref="Counter"/>, <see cref="Gauge"/> or <see cref="Histogram"/>.</typeparam>
internal sealed class Labelled<T>
    where T : struct
{
    private readonly Func<string[], T> _get;
    private readonly Action<string[]> _remove;

    private Labelled(Func<string[], T> get, Action<string[]> remove) => (_get, _remove) = (get, remove);

    /// <param name="collector">All of them.</param>
    /// <param name="wrap">Makes one of ours of one of the library's.</param>
    public static Labelled<T> Of<TChild>(Collector<TChild> collector, Func<TChild, T> wrap)
        where TChild : ChildBase =>
        new(values => wrap(collector.WithLabels(values)), collector.RemoveLabelled);

    /// <summary>The one with these values, in the order in which the labels are declared; from now on it is on the page.</summary>
    public T WithLabels(params string[] values) => _get(values);

    /// <summary>Takes the one with these values from the page.</summary>
    public void Remove(params string[] values) => _remove(values);

    /// <summary>Has these values of its only label on the page from the start, at zero: "never" is not "not known".</summary>
    /// <returns>Itself.</returns>
    public Labelled<T> FromStart(params ReadOnlySpan<string> values)
    {
        foreach (string value in values)
            _get([value]);
        return this;
    }
}
