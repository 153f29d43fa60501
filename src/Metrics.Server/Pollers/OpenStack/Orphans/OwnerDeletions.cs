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

    /// <summary>By the cloud's name: a look goes on when its section changes.</summary>
    private readonly Dictionary<string, CloudLook> _looks = [];
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

    /// <summary>Asks for a look at what somebody has left behind.</summary>
    internal void Ask(DeletedOwner owner, CancellationToken ct)
    {
        TargetSections sections = _sections.Value;
        HashSet<string> names = [.. sections.OfType<CloudJob>().Select(c => c.Name)];
        foreach ((string gone, _) in _looks.Where(l => !names.Contains(l.Key) && l.Value.Work.Loop.IsCompleted).ToList())
            _looks.Remove(gone);
        foreach (string name in CloudsOf(owner.Source, sections).Select(c => c.Name).Distinct())
        {
            if (!_looks.TryGetValue(name, out CloudLook? look))
                _looks.Add(name, look = Begin(name, ct));
            if (look.Waiting.Count < MaxWaiting)
                look.Waiting.Enqueue(owner);
            else
                _metrics.DeletionsDropped.Inc();
            look.Work.Ask();
        }
    }

    private CloudLook Begin(string name, CancellationToken ct)
    {
        var waiting = new ConcurrentQueue<DeletedOwner>();
        var look = new OrphanLook(
            () => _sections.Value.OfType<CloudJob>().FirstOrDefault(c => c.Name == name), _scheduler, _metrics, _time);
        SharedWork work = null!;
        work = new SharedWork(LookAsync, s_gather, TimeSpan.FromSeconds(1), _time, ct);
        return new CloudLook(waiting, work);

        async Task LookAsync(CancellationToken token)
        {
            await _metrics.Faults.GuardAsync("pollers", () => look.RunAsync(waiting, token), _time, token);
            // Whose lists are backed off.
            if (!waiting.IsEmpty)
                work.Ask();
        }
    }
}
