using System.Runtime.ExceptionServices;
using Metrics.Scheduling;

namespace Metrics.Rules;

/// <summary>
/// Gives the groups of a plan their turns, and has them carried out side by side: at the interval whoever is due, on arrival the cheapest
/// first, within the share that all have together. One thread begins rounds; it is woken when one is over.
/// </summary>
/// <param name="plan">The groups.</param>
/// <param name="share">What rounds on arrival may take of a core.</param>
/// <param name="window">How far back samples are at hand.</param>
/// <param name="evaluator">Carries rounds out.</param>
/// <param name="wake">Woken when a round is over.</param>
/// <param name="time">The clock.</param>
internal sealed class RoundScheduler(
    RulePlan plan, double share, TimeSpan window, GroupEvaluator evaluator, WakeSignal wake, TimeProvider time) : IDisposable
{
    /// <summary>Milliseconds of rounds on arrival that may be saved up, for a moment in which much arrives at once.</summary>
    private const double SavedMilliseconds = 100;

    private readonly ArrivalCredit _credit = new(share, SavedMilliseconds);
    private readonly CancellationTokenSource _ends = new();
    private readonly List<ScheduledGroup> _ready = [];
    private volatile ExceptionDispatchInfo? _failure;

    /// <summary>The groups.</summary>
    public RulePlan Plan => plan;

    /// <summary>
    /// When the oldest round that is not over began, as <see cref="TimeProvider.GetTimestamp"/> has it; null when none is under way.
    /// </summary>
    public long? OldestRunning => plan.Groups.Where(g => g.IsRunning).Min(g => (long?)g.RunningSince);

    public void Dispose() => _ends.Dispose();

    /// <summary>Begins every round that may begin now.</summary>
    /// <returns>When to look again, milliseconds since 1970 UTC; before, if woken.</returns>
    public long BeginDue(CancellationToken ct)
    {
        _failure?.Throw();
        long now = Now(), next = long.MaxValue;
        long oldest = now - (long)window.TotalMilliseconds;
        _ready.Clear();
        foreach (ScheduledGroup group in plan.Groups)
        {
            if (group.IsRunning)
                continue;
            if (group.TakeInterval(now, oldest) is { } round)
            {
                Begin(group, round, ct);
                continue;
            }
            long arrival = group.NextArrival(now);
            if (arrival <= now)
                _ready.Add(group);
            next = Math.Min(next, Math.Min(group.NextDue, arrival > now ? arrival : long.MaxValue));
        }
        return Math.Min(next, BeginArrivals(now, ct));
    }

    /// <summary>Waits until no round is under way; those that are not judged yet are given up.</summary>
    public async Task EndAsync()
    {
        await _ends.CancelAsync();
        await Task.WhenAll(plan.Groups.Select(g => g.Running));
    }

    /// <summary>The cheapest go first: they have the most to lose.</summary>
    private long BeginArrivals(long now, CancellationToken ct)
    {
        _ready.Sort(static (a, b) => a.Pace.Cost.CompareTo(b.Pace.Cost));
        foreach (ScheduledGroup group in _ready)
        {
            long free = _credit.FreeAt(now);
            if (free > now)
                return free;
            if (group.TakeArrival() is { } round)
                Begin(group, round, ct);
        }
        return long.MaxValue;
    }

    private void Begin(ScheduledGroup group, Round round, CancellationToken ct)
    {
        // What it will cost is taken off beforehand, since others begin before it is over.
        double expected = round.Chosen is null ? 0 : group.Pace.Cost.TotalMilliseconds;
        _credit.Spend(expected, Now());
        group.Begin(time.GetTimestamp());
        group.Running = Task.Run(() => RunAsync(group, round, expected, ct), CancellationToken.None);
    }

    private async Task RunAsync(ScheduledGroup group, Round round, double expected, CancellationToken ct)
    {
        using var judging = CancellationTokenSource.CreateLinkedTokenSource(ct, _ends.Token);
        try
        {
            TimeSpan cost = await evaluator.EvaluateAsync(group, round, judging.Token, ct);
            if (round.Chosen is not null)
                _credit.Spend(cost.TotalMilliseconds - expected, Now());
        }
        catch (OperationCanceledException) when (judging.IsCancellationRequested)
        {
            // We stop, or other rules come.
        }
        catch (Exception e)
        {
            // The loop ends with it, and the daemon: rules that are silently not evaluated are the worst.
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            group.End();
            wake.Wake();
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
