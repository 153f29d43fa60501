using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules;

/// <summary>
/// The series as which the alerts of one rule are written, <c>ALERTS</c> and <c>ALERTS_FOR_STATE</c>: made once for an alert's labels, not
/// anew in each round.
/// </summary>
internal sealed class AlertSeries
{
    /// <summary>Says which alerts are pending and firing.</summary>
    public const string Metric = "ALERTS";

    /// <summary>Says since when, in Unix seconds.</summary>
    public const string ForStateMetric = "ALERTS_FOR_STATE";

    private const int Spare = 64;

    private readonly Dictionary<Labels, Made> _made = [];

    private sealed class Made
    {
        public Labels? Firing { get; set; }

        public Labels? Pending { get; set; }

        public Labels? ForState { get; set; }
    }

    /// <summary>Adds the series of every alert that is pending or firing, and of those that were when their data ended.</summary>
    public void Add(IReadOnlyList<AlertInstance> alerts, long at, List<VectorElement> written)
    {
        // Those of alerts that are over go when they are more than the others.
        if (_made.Count > (2 * alerts.Count) + Spare)
            _made.Clear();
        foreach (AlertInstance alert in alerts)
        {
            AlertState state = alert.State is AlertState.NoData n ? n.Before : alert.State;
            if (!_made.TryGetValue(alert.Labels, out Made? made))
                _made.Add(alert.Labels, made = new Made());
            Labels series = state is AlertState.Firing
                ? made.Firing ??= Alerts(alert.Labels, "firing")
                : made.Pending ??= Alerts(alert.Labels, "pending");
            long since = state is AlertState.Firing f ? f.Since : ((AlertState.Pending)state).Since;
            made.ForState ??= alert.Labels.With(Labels.MetricName, ForStateMetric);
            written.Add(new VectorElement(series, new Sample(at, 1)));
            written.Add(new VectorElement(made.ForState, new Sample(at, since / 1000.0)));
        }
    }

    private static Labels Alerts(Labels labels, string state) => labels.With(Labels.MetricName, Metric).With("alertstate", state);
}
