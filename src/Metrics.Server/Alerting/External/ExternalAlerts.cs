using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>An alert as somebody sends it.</summary>
/// <param name="Labels">Its labels, which tell it apart.</param>
/// <param name="Annotations">Texts for people.</param>
/// <param name="StartsAt">Since when.</param>
/// <param name="EndsAt">Until when it holds unless it is sent again; not after now: it is over.</param>
/// <param name="GeneratorUrl">Where its sender shows it.</param>
internal sealed record SentAlert(
    Labels Labels, IReadOnlyDictionary<string, string> Annotations, Timestamp StartsAt, Timestamp EndsAt, string? GeneratorUrl)
{
    /// <summary>The same by a clock that is ahead of its sender's.</summary>
    public SentAlert LaterBy(TimeSpan ahead) => this with { StartsAt = StartsAt + ahead, EndsAt = EndsAt + ahead };
}

/// <summary>
/// Alerts that others have judged and sent: Prometheus, vmalert, Grafana, a script. Each is open until its sender says that it is over, or
/// nothing is heard of it for as long as it named. Changed by the thread that writes alerts; anybody may look.
/// </summary>
internal sealed class ExternalAlerts
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<Labels, (ActiveAlert Alert, Timestamp Until)> _alerts = [];
    private Timestamp _nextLook = Timestamp.Never;

    /// <summary>How many are open.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _alerts.Count;
        }
    }

    /// <summary>When the next may end without a word.</summary>
    public Timestamp NextDue => _alerts.Count == 0 ? Timestamp.Never : _nextLook;

    /// <summary>All that are open.</summary>
    public IReadOnlyList<ActiveAlert> All
    {
        get
        {
            lock (_lock)
                return [.. _alerts.Values.Select(a => a.Alert)];
        }
    }

    /// <summary>What stands where an alert of ours has its rule.</summary>
    public static RuleId IdOf(Labels labels) => RuleId.OfOthers(labels["alertname"]);

    /// <summary>What became of an alert, for its history.</summary>
    public static string Describe(AlertChange change) => change.Alert.State switch
    {
        AlertState.Inactive { Reason: EndReason.Expired } => "its sender was not heard of again in time",
        AlertState.Inactive => "its sender says that it is over",
        _ => "sent by others",
    };

    /// <summary>The alert with these labels, or null.</summary>
    public AlertInstance? Find(Labels labels)
    {
        lock (_lock)
            return _alerts.TryGetValue(labels, out (ActiveAlert Alert, Timestamp) known) ? known.Alert.Alert : null;
    }

    /// <summary>Puts back an alert that was open; its sender is waited for.</summary>
    public void Restore(AlertInstance alert, Timestamp until) => Set(alert, until);

    /// <summary>Takes an alert.</summary>
    /// <returns>What changed; null when nothing that people are notified of did.</returns>
    public AlertChange? Take(SentAlert sent, Timestamp now)
    {
        AlertInstance? known = Find(sent.Labels);
        if (sent.EndsAt <= now)
            return known is null ? null : End(known, EndReason.Resolved, now);
        AlertState before = known?.State ?? new AlertState.Inactive();
        long since = Math.Min(sent.StartsAt.Milliseconds, known?.State is AlertState.Firing firing ? firing.Since : long.MaxValue);
        var alert = new AlertInstance
        {
            Series = sent.Labels,
            Labels = sent.Labels,
            State = new AlertState.Firing(since, since),
            Annotations = sent.Annotations,
            GeneratorUrl = sent.GeneratorUrl,
        };
        Set(alert, sent.EndsAt);
        bool isSame = known is not null && known.GeneratorUrl == alert.GeneratorUrl && Same(known.Annotations, alert.Annotations);
        return isSame ? null : new AlertChange(alert, before, now);
    }

    /// <summary>Ends what nothing was heard of for as long as it named.</summary>
    public List<AlertChange> Expire(Timestamp now)
    {
        if (now < _nextLook)
            return [];
        _nextLook = now + s_look;
        List<AlertInstance> over = [.. _alerts.Values.Where(a => a.Until <= now).Select(a => a.Alert.Alert)];
        return over.ConvertAll(a => End(a, EndReason.Expired, now));
    }

    private void Set(AlertInstance alert, Timestamp until)
    {
        lock (_lock)
            _alerts[alert.Labels] = (new ActiveAlert(IdOf(alert.Labels), alert), until);
        _nextLook = Timestamp.Min(_nextLook, until);
    }

    private AlertChange End(AlertInstance alert, EndReason reason, Timestamp now)
    {
        lock (_lock)
            _alerts.Remove(alert.Labels);
        return new AlertChange(alert with { State = new AlertState.Inactive(reason) }, alert.State, now);
    }

    private static bool Same(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(p => b.GetValueOrDefault(p.Key) == p.Value);
}
