using Metrics.Model;

namespace Metrics.Pollers;

/// <summary>How a target is.</summary>
internal enum TargetHealth
{
    /// <summary>Not polled yet.</summary>
    Unknown,

    Up,

    Down,
}

/// <summary>What the last poll of a target came to; one immutable snapshot.</summary>
/// <param name="Health">How it is.</param>
/// <param name="At">When it was polled; null before the first.</param>
/// <param name="Duration">How long that took.</param>
/// <param name="Samples">What it gave.</param>
/// <param name="Error">Why it is down, or null.</param>
/// <param name="Failures">Polls in a row that failed.</param>
/// <param name="NotBefore">While backed off: when it is asked next.</param>
internal sealed record TargetStatus(
    TargetHealth Health, DateTimeOffset? At, TimeSpan Duration, int Samples, string? Error, int Failures, DateTimeOffset? NotBefore)
{
    public static readonly TargetStatus Never = new(TargetHealth.Unknown, null, TimeSpan.Zero, 0, null, 0, null);
}

/// <summary>Something that is polled at an interval: a poller with a job, an instance and a memory.</summary>
internal sealed class PollTarget
{
    public PollTarget(string job, string instance, TimeSpan interval, TimeSpan timeout, IPoller poller, object configuredBy, IReadOnlyList<Label>? labels = null, string? part = null)
    {
        Job = job;
        Part = part;
        Instance = instance;
        Interval = interval;
        Timeout = timeout;
        Poller = poller;
        Identity = string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{Model.Labels.Of([.. labels ?? [], new Label("_job", job), new Label("_instance", instance), new Label("_part", part ?? "")])} {poller} {System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(configuredBy)}");
        Labels = Model.Labels.Of([.. (labels ?? []).Where(l => l.Name is not ("job" or "instance")), new Label("job", job), new Label("instance", instance)]);
        Series = new TargetSeries([.. Labels]);
    }

    public string Job { get; }

    public string Instance { get; }

    /// <summary>All its labels, <c>job</c> and <c>instance</c> among them; what makes it one target and not another.</summary>
    public Labels Labels { get; }

    /// <summary>What tells one target from another: labels, what is asked, and the section of the configuration that asks for it.</summary>
    public string Identity { get; }

    /// <summary>Which part of an instance it is, where that is polled in parts; label <c>collection</c> of what is told of the poll itself.</summary>
    public string? Part { get; }

    /// <summary>Its name in limits, counters and messages: <c>job/instance</c>, and the part.</summary>
    public string Key => Part is null ? $"{Job}/{Instance}" : $"{Job}/{Instance}/{Part}";

    public TimeSpan Interval { get; }

    public TimeSpan Timeout { get; }

    public IPoller Poller { get; }

    public TargetSeries Series { get; }

    /// <summary>Labels of the series that the frame itself writes (<c>up</c> and the like), by metric name.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<string, Labels> Reports { get; } = new();

    /// <summary>What the last poll came to; swapped whole.</summary>
    public TargetStatus Status { get; set; } = TargetStatus.Never;
}
