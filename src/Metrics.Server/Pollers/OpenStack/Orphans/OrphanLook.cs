using System.Collections.Concurrent;

namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>One look for what deleted owners of a cloud have left behind, out of turn.</summary>
internal sealed class OrphanLook(CloudJob job, PollScheduler scheduler, TimeProvider time)
{
    private const string Orphans = "orphans";

    /// <summary>How long a service may take before what the others have is judged without it, and once more with it.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Right after a start the cloud is not logged in to yet.</summary>
    private const int MaxTries = 60;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Looks.</summary>
    /// <param name="deleted">Who was deleted; taken out.</param>
    /// <param name="ct">Ends it.</param>
    public async Task RunAsync(ConcurrentQueue<DeletedOwner> deleted, CancellationToken ct)
    {
        if (job.Disabled.Contains(Orphans) || await FindAsync(ct) is not { } poller)
        {
            deleted.Clear();
            return;
        }
        var kinds = new HashSet<OwnerKind>();
        // Those that come from here on have a look of their own.
        for (int left = deleted.Count; left > 0 && deleted.TryDequeue(out DeletedOwner owner); left--)
        {
            poller.NoteDeleted(owner.Kind, owner.Id);
            kinds.Add(owner.Kind);
        }
        await PollAsync(c => ListsOwners(c, kinds), ct);
        Task lists = PollAsync(c => c.HoldsResources, ct);
        await Task.WhenAny(lists, Task.Delay(s_patience, time, ct));
        bool isComplete = lists.IsCompleted;
        await PollAsync(c => c.Name == Orphans, ct);
        await lists;
        if (!isComplete)
            await PollAsync(c => c.Name == Orphans, ct);
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
        for (int tries = 0; tries < MaxTries; tries++)
        {
            if (Targets().Select(t => t.Poller).OfType<OrphansPoller>().FirstOrDefault() is { } poller)
                return poller;
            await Task.Delay(s_pause, time, ct);
        }
        return null;
    }

    private Task PollAsync(Func<CloudCollection, bool> which, CancellationToken ct)
    {
        HashSet<string> parts = [.. CloudCatalog.All.Where(which).Select(c => c.Name)];
        return scheduler.PollNowAsync(Targets().Where(t => parts.Contains(t.Part ?? "")), ct);
    }

    private IEnumerable<PollTarget> Targets() => scheduler.Targets.Where(t => t.Declared.Identity.Section == job.Id);
}
