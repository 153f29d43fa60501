using System.Collections.Concurrent;
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
    public PollTarget(TargetDeclaration declared)
    {
        Declared = declared;
        Poller = declared.Create();
        Series = new TargetSeries([.. Labels]);
    }

    /// <summary>What the configuration asks for.</summary>
    public TargetDeclaration Declared { get; }

    public string Job => Declared.Job;

    public string Instance => Declared.Instance;

    /// <summary>All its labels, <c>job</c> and <c>instance</c> among them.</summary>
    public Labels Labels => Declared.Identity.Series.Labels;

    /// <summary>
    /// Which part of an instance it is, where that is polled in parts; label <c>collection</c> of what is reported of the poll itself.
    /// </summary>
    public string? Part => Declared.Identity.Series.Part;

    /// <summary>Its name in limits, counters and messages: <c>job/instance</c>, and the part.</summary>
    public string Key => Declared.Key;

    public TimeSpan Interval => Declared.Interval;

    public TimeSpan Timeout => Declared.Timeout;

    public IPoller Poller { get; }

    public TargetSeries Series { get; }

    /// <summary>Labels of the series that the frame itself writes (<c>up</c> and the like), by metric name.</summary>
    public ConcurrentDictionary<string, Labels> Reports { get; } = new();

    /// <summary>What the last poll came to; swapped whole.</summary>
    public TargetStatus Status { get; set; } = TargetStatus.Never;

    /// <summary>Whether it is not asked yet, since it has failed.</summary>
    public bool IsBackedOff(DateTimeOffset now) => now < Status.NotBefore;

    /// <summary>
    /// Goes on with the series of a target that asked for the same ones otherwise: with another interval, say. These do not end. It is
    /// asked at once even where the other was backed off, since what was wrong may be put right now.
    /// </summary>
    public void TakeOverFrom(PollTarget before)
    {
        Series.TakeOverFrom(before.Series);
        Status = before.Status with { Failures = 0, NotBefore = null };
    }
}
