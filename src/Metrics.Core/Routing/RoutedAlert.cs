using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Routing;

/// <summary>An alert on its way to people.</summary>
/// <param name="Rule">Its rule.</param>
/// <param name="Alert">As its rule left it last.</param>
/// <param name="Before">Its state before the last step; what an ended alert had been.</param>
/// <param name="At">When that step was.</param>
public sealed record RoutedAlert(RuleId Rule, AlertInstance Alert, AlertState Before, Timestamp At)
{
    private AlertId _id;

    /// <summary>What tells it apart.</summary>
    public AlertKey Key => new(Rule, Alert.Series);

    /// <summary>What tells it apart, over restarts. Made once, and kept in copies.</summary>
    public AlertId Id => _id == default ? _id = Key.ToId() : _id;

    /// <summary>Whether it comes and goes so often that people were notified of that; it is held open until it is quiet.</summary>
    public bool IsFlapping { get; init; }

    /// <summary>Whether it is over, for those who are notified.</summary>
    public bool IsOver => Alert.State is AlertState.Inactive && !IsFlapping;

    /// <summary>Whether what is known of it is worth a message of its own: no data, or flapping.</summary>
    public bool IsMarked => !IsOver && (IsFlapping || Alert.State is AlertState.NoData);

    /// <summary>When it fired.</summary>
    public Timestamp FiredAt => Fired is AlertState.Firing firing ? new(firing.FiredAt) : At;

    private AlertState Fired => (IsOver ? Before : Alert.State) switch { AlertState.NoData silent => silent.Before, var state => state };
}
