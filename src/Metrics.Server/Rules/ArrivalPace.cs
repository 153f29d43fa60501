namespace Metrics.Rules;

/// <summary>
/// How often a group may be evaluated because data arrived, by what its rounds cost: so often that in the long run they take at most a
/// tenth of the share that all groups have together; what it has saved may go at once, so that an alert in a quiet hour is not late. Where
/// that is hardly more often than its interval, it goes by the interval alone.
/// </summary>
/// <param name="share">What all groups' rounds on arrival may take of a core, such as 0.1; 0 is nothing.</param>
/// <param name="interval">The group's interval.</param>
internal sealed class ArrivalPace(double share, TimeSpan interval)
{
    /// <summary>The part of the share that one group may take.</summary>
    private const double PartOfOne = 0.1;

    /// <summary>Up to this cost a round is begun at once; a dearer one waits a moment for what arrives with the first.</summary>
    private const double CheapMilliseconds = 2;

    private const double GatherPerCost = 25;
    private const double LongestGather = 250;
    private const double LongestDistance = 1e12;
    private const double Weight = 0.3;

    /// <summary>The first rounds run through code that is not compiled yet.</summary>
    private const int RoundsToTrust = 3;

    private readonly ArrivalCredit _credit = new(share * PartOfOne, ArrivalCredit.MostSaved(share));
    private double _whole = double.NaN;
    private double _arrival = double.NaN;
    private (double Last, double Before, double First) _latest = (0, 0, 0);
    private double _ratio = 1;
    private int _arrivals;

    /// <summary>What a round on arrival costs, as measured lately; zero before it is known.</summary>
    public TimeSpan Cost => double.IsNaN(_arrival) ? TimeSpan.Zero : TimeSpan.FromMilliseconds(_arrival);

    /// <summary>The distance that rounds on arrival have in the long run.</summary>
    public TimeSpan Distance => share <= 0
        ? TimeSpan.MaxValue
        : TimeSpan.FromMilliseconds(Math.Min(Cost.TotalMilliseconds / (share * PartOfOne), LongestDistance));

    /// <summary>How long a round is put off so that what arrives in the same moment comes into it.</summary>
    public TimeSpan Gather
    {
        get
        {
            // The middle one of three: a round in which code was compiled or memory collected must not hold up the next ones.
            (double a, double b, double c) = _latest;
            double usual = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            return usual < CheapMilliseconds
                ? TimeSpan.Zero
                : TimeSpan.FromMilliseconds(Math.Min(LongestGather, usual * GatherPerCost));
        }
    }

    /// <summary>Whether the group is evaluated at its interval only.</summary>
    public bool IsTooDear { get; private set; } = share <= 0;

    /// <summary>When the next round on arrival may begin, milliseconds since 1970 UTC.</summary>
    public long FreeAt(long now) => _credit.FreeAt(now);

    /// <summary>Notes a round of all rules.</summary>
    public void NoteInterval(TimeSpan cost)
    {
        _whole = Mix(_whole, cost.TotalMilliseconds);
        if (!IsTooDear || share <= 0)
            return;
        // Nothing is tried on arrival any more: what it would cost goes up and down with the whole.
        _arrival = _ratio * _whole;
        IsTooDear = Distance > interval / 4;
    }

    /// <summary>Notes a round on arrival.</summary>
    public void NoteArrival(TimeSpan cost, long now)
    {
        _credit.Spend(cost.TotalMilliseconds, now);
        _arrival = Mix(_arrival, cost.TotalMilliseconds);
        _latest = _arrivals == 0
            ? (cost.TotalMilliseconds, cost.TotalMilliseconds, cost.TotalMilliseconds)
            : (cost.TotalMilliseconds, _latest.Last, _latest.Before);
        if (++_arrivals < RoundsToTrust || Distance <= interval / 2)
            return;
        IsTooDear = true;
        _ratio = double.IsNaN(_whole) || _whole <= 0 ? 1 : _arrival / _whole;
    }

    private static double Mix(double before, double now) => double.IsNaN(before) ? now : before + (Weight * (now - before));
}
