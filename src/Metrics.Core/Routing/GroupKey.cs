using Metrics.Model;

namespace Metrics.Routing;

/// <summary>What tells groups of alerts apart, also after a restart: the route, and the values of its group labels.</summary>
/// <param name="route">Id of the route.</param>
/// <param name="labels">The labels that all alerts of the group have.</param>
public sealed class GroupKey(string route, Labels labels) : IEquatable<GroupKey>
{
    private string? _text;

    /// <summary>Id of the route.</summary>
    public string Route => route;

    /// <summary>The labels that all alerts of the group have.</summary>
    public Labels Labels => labels;

    /// <inheritdoc />
    public bool Equals(GroupKey? other) => other is not null && route == other.Route && labels.Equals(other.Labels);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as GroupKey);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(route, labels);

    /// <summary>As messages and history name it: <c>{}/{team="db"}/0:{alertname="Down"}</c>.</summary>
    public override string ToString() => _text ??= $"{route}:{labels}";
}
