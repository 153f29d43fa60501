using Metrics.Configuration;
using Metrics.Model;

namespace Metrics.Pollers;

/// <summary>What tells one target from another. Values only: two readings of an unchanged configuration give equal identities.</summary>
/// <param name="Series">Which series it writes.</param>
/// <param name="Asked">What is asked, such as a URL, where two targets may write the same series.</param>
/// <param name="Section">The section that asks for it.</param>
internal readonly record struct TargetIdentity(SeriesIdentity Series, string Asked, SectionId Section);

/// <summary>Which series a target writes: all its labels, and the part of an instance that is polled in parts.</summary>
internal readonly record struct SeriesIdentity(Labels Labels, string? Part)
{
    public override string ToString() => Part is null ? Labels.ToString() : $"{Labels} {Part}";
}

/// <summary>A target as a section asks for it, before anything is opened for it.</summary>
internal sealed class TargetDeclaration
{
    /// <param name="section">The section that asks for it.</param>
    /// <param name="job">Its job.</param>
    /// <param name="instance">Its instance.</param>
    /// <param name="interval">How often it is polled.</param>
    /// <param name="timeout">Longest time of one poll.</param>
    /// <param name="create">Makes its poller; called once, when the target begins.</param>
    /// <param name="labels">More labels; <c>job</c> and <c>instance</c> among them do not count.</param>
    /// <param name="part">Which part of an instance it is, where that is polled in parts.</param>
    /// <param name="asked">What is asked, where that is more than the labels say.</param>
    public TargetDeclaration(
        TargetSection section, string job, string instance, TimeSpan interval, TimeSpan timeout, Func<IPoller> create,
        IReadOnlyList<Label>? labels = null, string? part = null, string asked = "")
    {
        (Job, Instance, Interval, Timeout, Create) = (job, instance, interval, timeout, create);
        IEnumerable<Label> more = (labels ?? []).Where(l => l.Name is not ("job" or "instance"));
        var all = Labels.Of([.. more, new Label("job", job), new Label("instance", instance)]);
        Identity = new TargetIdentity(new SeriesIdentity(all, part), asked, section.Id);
    }

    public TargetIdentity Identity { get; }

    public string Job { get; }

    public string Instance { get; }

    public TimeSpan Interval { get; }

    public TimeSpan Timeout { get; }

    public Func<IPoller> Create { get; }

    /// <summary>Its name in limits, counters and messages: <c>job/instance</c>, and the part.</summary>
    public string Key => Identity.Series.Part is { } part ? $"{Job}/{Instance}/{part}" : $"{Job}/{Instance}";
}
