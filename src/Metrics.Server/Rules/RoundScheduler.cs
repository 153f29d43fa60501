using Metrics.Scheduling;
using Metrics.Telemetry;

namespace Metrics.Rules;

/// <summary>
/// Gives the groups of a plan their turns, and has them carried out side by side: at the interval whoever is due, on arrival the cheapest
/// first, within the share that all have together. One thread begins rounds; it is woken when one is over.
/// </summary>
/// <param name="window">How far back samples are at hand.</param>
/// <param name="evaluator">Carries rounds out.</param>
/// <param name="wake">Woken when a round is over.</param>
/// <param name="faults">Counts rounds that failed for a reason nobody has foreseen; their groups have their next turn all the same.</param>
/// <param name="time">The clock.</param>
internal sealed class RoundScheduler(TimeSpan window, GroupEvaluator evaluator, WakeSignal wake, Faults faults, TimeProvider time)
{
    private readonly List<ScheduledGroup> _ready = [];
    private ArrivalCredit _credit = new(0, 0);
    private double _share;
    private volatile RulePlan _plan = new([]);

    /// <summary>The groups.</summary>
    public RulePlan Plan => _plan;

    /// <summary>
    /// When the oldest round began that is not over, or failed as all after it, as <see cref="TimeProvider.GetTimestamp"/> has it; null
    /// when there is none.
    /// </summary>
    public long? OldestRunning => _plan.Groups.Min(g => g.FailingSince ?? (g.IsRunning ? g.RunningSince : null));

    /// <summary>Goes on with other groups; rounds of those that stay go on.</summary>
    /// <param name="plan">The groups.</param>
    /// <param name="share">What rounds on arrival may take of a core.</param>
    public void Use(RulePlan plan, double share)
    {
        if (share != _share)
            (_share, _credit) = (share, new ArrivalCredit(share, ArrivalCredit.MostSaved(share)));
        _plan = plan;
    }

    /// <summary>Begins every round that may begin now.</summary>
    /// <returns>When to look again, milliseconds since 1970 UTC; before, if woken.</returns>
    public long BeginDue(CancellationToken ct)
    {
        long now = Now(), next = long.MaxValue;
        long settled = SteadyClock.SettledAt(time).ToUnixTimeMilliseconds();
        if (now < settled)
            return settled;
        // What the clock has jumped over was not polled, and is not judged.
        long oldest = Math.Max(now - (long)window.TotalMilliseconds, settled);
        _ready.Clear();
        foreach (ScheduledGroup group in _plan.Groups)
        {
            if (group.IsRunning || group.IsHeld)
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
        using var judging = CancellationTokenSource.CreateLinkedTokenSource(ct, group.Ends);
        try
        {
            TimeSpan cost = await evaluator.EvaluateAsync(group, round, judging.Token, ct);
            group.FailingSince = null;
            if (round.Chosen is not null)
                _credit.Spend(cost.TotalMilliseconds - expected, Now());
        }
        catch (OperationCanceledException) when (judging.IsCancellationRequested)
        {
            // We stop, or the group is given up.
            group.GiveBack(round);
        }
        catch (Exception e)
        {
            // The group keeps its turns; that its round failed is counted, shown and an alert (MetricsdFault).
            faults.Note("rules", e, time);
            group.FailingSince ??= group.RunningSince;
        }
        finally
        {
            group.End();
            wake.Wake();
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
