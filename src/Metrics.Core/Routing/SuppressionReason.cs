using Metrics.Model;

namespace Metrics.Routing;

/// <summary>Why nobody is notified of an alert now.</summary>
public abstract record SuppressionReason
{
    private SuppressionReason()
    {
    }

    /// <summary>What reasons of this kind have in common, in a few words, for those who count them.</summary>
    public abstract string Kind { get; }

    /// <summary>The reason in a few words.</summary>
    public abstract override string ToString();

    /// <summary>Somebody asked for quiet.</summary>
    public sealed record Silenced(Silence By) : SuppressionReason
    {
        /// <inheritdoc />
        public override string Kind => "silenced";

        /// <inheritdoc />
        public override string ToString() => $"silenced by {By.CreatedBy}: {By.Comment} ({By.Id})";
    }

    /// <summary>Another alert fires.</summary>
    public sealed record Inhibited(Labels By) : SuppressionReason
    {
        /// <inheritdoc />
        public override string Kind => "inhibited by another alert";

        /// <inheritdoc />
        public override string ToString() => $"inhibited by {By}";
    }

    /// <summary>It is planned.</summary>
    public sealed record InMaintenance(string Window, DateTimeOffset Until) : SuppressionReason
    {
        /// <inheritdoc />
        public override string Kind => $"in the maintenance window {Window}";

        /// <inheritdoc />
        public override string ToString() => $"{Kind} until {Timestamp.Of(Until).ToSecondsText()}";
    }

    /// <summary>The same rule fires for the same series with a higher severity.</summary>
    public sealed record HigherSeverity(string Severity) : SuppressionReason
    {
        /// <inheritdoc />
        public override string Kind => "a higher severity";

        /// <inheritdoc />
        public override string ToString() => $"it is {Severity} already";
    }

    /// <summary>The route is mute at this time.</summary>
    public sealed record RouteIsMute(string Interval) : SuppressionReason
    {
        /// <inheritdoc />
        public override string Kind => "the route is mute";

        /// <inheritdoc />
        public override string ToString() => $"the route is mute in {Interval}";
    }

    /// <summary>The route is active at other times.</summary>
    public sealed record RouteIsNotActive(IReadOnlyList<string> Intervals) : SuppressionReason
    {
        /// <inheritdoc />
        public override string Kind => "the route is mute";

        /// <inheritdoc />
        public override string ToString() => $"the route is active only in {string.Join(", ", Intervals)}";
    }
}
