using System.Collections.Concurrent;
using System.Threading.Channels;
using Metrics.Configuration;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Scheduling;

namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>
/// Looks for orphans as soon as a notification says that a project, user or domain was deleted: the lists of owners, then those of what can
/// be left behind, then the judgement, each as if its turn had come. Of one cloud one such look is under way at most, and one waits.
/// </summary>
internal sealed class OwnerDeletions : BackgroundService
{
    /// <summary>Deletions that wait for their look; of further ones only the look at the next turn comes.</summary>
    private const int MaxWaiting = 1000;

    /// <summary>Who deletes a project deletes its users next.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(200);

    private readonly Channel<DeletedOwner> _deleted;
    private readonly Dictionary<SectionId, CloudLook> _looks = [];
    private readonly PollScheduler _scheduler;
    private readonly Current<TargetSections> _sections;
    private readonly CloudMetrics _metrics;
    private readonly TimeProvider _time;

    public OwnerDeletions(
        IntakePipeline intake, PollScheduler scheduler, Current<TargetSections> sections, CloudMetrics metrics, TimeProvider time)
    {
        (_scheduler, _sections, _metrics, _time) = (scheduler, sections, metrics, time);
        _deleted = Channel.CreateBounded<DeletedOwner>(
            new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite }, _ => metrics.DeletionsDropped.Inc());
        intake.OnArrival((EventBatch batch) => Note(batch));
    }

    /// <summary>The deletions of a cloud that its next look is about.</summary>
    /// <param name="Waiting">Those.</param>
    /// <param name="Work">The look.</param>
    private sealed record CloudLook(ConcurrentQueue<DeletedOwner> Waiting, SharedWork Work);

    /// <summary>Notes what of a batch is a deletion; quick, and never waits.</summary>
    internal void Note(EventBatch batch)
    {
        foreach (DeletedOwner owner in DeletedOwner.In(batch))
            _deleted.Writer.TryWrite(owner);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (await _deleted.Reader.WaitToReadAsync(stoppingToken))
        {
            while (_deleted.Reader.TryRead(out DeletedOwner owner))
                _metrics.Faults.Guard("pollers", () => Ask(owner, stoppingToken), _time);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_looks.Values.Select(l => l.Work.Loop)).WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// The clouds that an event can be of: the one that is called as the input that brought it; where none is, each of them.
    /// </summary>
    internal static IEnumerable<CloudJob> CloudsOf(string source, IEnumerable<TargetSection> sections)
    {
        List<CloudJob> all = [.. sections.OfType<CloudJob>()];
        return all.Exists(c => source == $"openstack/{c.Name}") ? all.Where(c => source == $"openstack/{c.Name}") : all;
    }

    private void Ask(DeletedOwner owner, CancellationToken ct)
    {
        TargetSections sections = _sections.Value;
        foreach (SectionId gone in _looks.Keys.Except(sections.Select(s => s.Id)).ToList())
            _looks.Remove(gone);
        foreach (CloudJob job in CloudsOf(owner.Source, sections))
        {
            if (!_looks.TryGetValue(job.Id, out CloudLook? look))
            {
                var waiting = new ConcurrentQueue<DeletedOwner>();
                var work = new SharedWork(
                    token => _metrics.Faults.GuardAsync("pollers", () => LookAsync(job, waiting, token), _time, token),
                    s_gather, TimeSpan.FromSeconds(1), _time, ct);
                _looks.Add(job.Id, look = new CloudLook(waiting, work));
            }
            if (look.Waiting.Count < MaxWaiting)
                look.Waiting.Enqueue(owner);
            else
                _metrics.DeletionsDropped.Inc();
            look.Work.Ask();
        }
    }

    private Task LookAsync(CloudJob job, ConcurrentQueue<DeletedOwner> waiting, CancellationToken ct)
    {
        _metrics.OrphanLooks.WithLabels(job.Name).Inc();
        return new OrphanLook(job, _scheduler, _time).RunAsync(waiting, ct);
    }
}
