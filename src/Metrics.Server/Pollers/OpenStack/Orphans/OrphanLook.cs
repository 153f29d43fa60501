using System.Collections.Concurrent;

namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>One look for what deleted owners of a cloud have left behind, out of turn.</summary>
/// <param name="cloud">The cloud as the configuration has it now; null where it is no longer there.</param>
/// <param name="scheduler">Polls.</param>
/// <param name="metrics">Counts looks, and deletions that get none.</param>
/// <param name="time">The clock.</param>
internal sealed class OrphanLook(Func<CloudJob?> cloud, PollScheduler scheduler, CloudMetrics metrics, TimeProvider time)
{
    private const string Orphans = "orphans";

    /// <summary>How long a service may take before what the others have is judged without it, and once more with it.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Right after a start the cloud is not logged in to yet.</summary>
    private const int MaxTries = 60;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Looks.</summary>
    /// <param name="deleted">
    /// Who was deleted; taken out, but for those whose lists are backed off after failures: they wait for a look after that.
    /// </param>
    /// <param name="ct">Ends it.</param>
    public async Task RunAsync(ConcurrentQueue<DeletedOwner> deleted, CancellationToken ct)
    {
        if (cloud()?.Disabled.Contains(Orphans) == true)
        {
            deleted.Clear();
            return;
        }
        if (await FindAsync(ct) is not { } poller)
        {
            while (deleted.TryDequeue(out _))
                metrics.DeletionsDropped.Inc();
            return;
        }
        HashSet<OwnerKind> kinds = TakeOut(deleted, poller);
        if (kinds.Count == 0)
            return;
        metrics.OrphanLooks.WithLabels(cloud()?.Name ?? "").Inc();
        await PollAsync(c => ListsOwners(c, kinds), ct);
        Task lists = PollAsync(c => c.HoldsResources, ct);
        await Task.WhenAny(lists, Task.Delay(s_patience, time, ct));
        bool isComplete = lists.IsCompleted;
        await PollAsync(c => c.Name == Orphans, ct);
        await lists;
        if (!isComplete)
            await PollAsync(c => c.Name == Orphans, ct);
    }

    /// <summary>Takes out whose lists can be asked for; those that come from here on have a look of their own.</summary>
    /// <returns>What those are.</returns>
    private HashSet<OwnerKind> TakeOut(ConcurrentQueue<DeletedOwner> deleted, OrphansPoller poller)
    {
        HashSet<OwnerKind> kinds = [.. Enum.GetValues<OwnerKind>().Where(k => !MustWait(k))];
        var taken = new HashSet<OwnerKind>();
        for (int left = deleted.Count; left > 0 && deleted.TryDequeue(out DeletedOwner owner); left--)
        {
            if (kinds.Contains(owner.Kind))
            {
                metrics.DeletionsDropped.Inc(poller.NoteDeleted(owner.Kind, owner.Id));
                taken.Add(owner.Kind);
            }
            else
            {
                deleted.Enqueue(owner);
            }
        }
        return taken;
    }

    private bool MustWait(OwnerKind kind)
    {
        HashSet<string> parts = Parts(c => c.Name == Orphans || ListsOwners(c, [kind]));
        return Targets().Any(t => parts.Contains(t.Part ?? "") && t.IsBackedOff(time.GetUtcNow()));
    }

    private static bool ListsOwners(CloudCollection collection, HashSet<OwnerKind> kinds) => collection.Name switch
    {
        "identity/projects" => kinds.Contains(OwnerKind.Project) || kinds.Contains(OwnerKind.Domain),
        "identity/users" => kinds.Contains(OwnerKind.User) || kinds.Contains(OwnerKind.Domain),
        _ => false,
    };

    /// <summary>The poller of orphans, once there is one.</summary>
    private async Task<OrphansPoller?> FindAsync(CancellationToken ct)
    {
        for (int tries = 0; tries < MaxTries && cloud() is not null; tries++)
        {
            if (Targets().Select(t => t.Poller).OfType<OrphansPoller>().FirstOrDefault() is { } poller)
                return poller;
            await Task.Delay(s_pause, time, ct);
        }
        return null;
    }

    private Task PollAsync(Func<CloudCollection, bool> which, CancellationToken ct)
    {
        HashSet<string> parts = Parts(which);
        return scheduler.PollNowAsync(Targets().Where(t => parts.Contains(t.Part ?? "") && !t.IsBackedOff(time.GetUtcNow())), ct);
    }

    private static HashSet<string> Parts(Func<CloudCollection, bool> which) => [.. CloudCatalog.All.Where(which).Select(c => c.Name)];

    private IEnumerable<PollTarget> Targets() => cloud() is { } job ? scheduler.TargetsOf(job.Id) : [];
}
