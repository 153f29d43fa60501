using Metrics.Storage.Events;

namespace Metrics.Storage.Forwarding;

/// <summary>Counts what the centre will never get of a node's events, and says it in the log, each reason at most once a minute.</summary>
internal sealed partial class ForwardLosses(string centre, ForwardMetrics metrics, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, long> _said = [];
    private long _expiredTo;

    /// <summary>What the centre does not have has gone for its age or size.</summary>
    /// <param name="after">The newest event that the centre has.</param>
    /// <param name="to">The newest that went.</param>
    public void Expired(long after, long to)
    {
        if (to <= Math.Max(after, _expiredTo))
            return;
        _expiredTo = to;
        if (Count("expired", 1))
            LogExpired(centre, EventIds.Show(after), EventIds.Show(to));
    }

    /// <summary>An event that the centre does not take, even alone.</summary>
    /// <param name="reason"><c>too_large</c> or <c>invalid</c>.</param>
    /// <param name="id">Its id.</param>
    /// <param name="said">What the centre says.</param>
    public void GivenUp(string reason, long id, string said)
    {
        if (Count(reason, 1))
            LogGivenUp(centre, EventIds.Show(id), said);
    }

    /// <summary>The centre has taken a batch without some of its events.</summary>
    public void Refused(int count)
    {
        if (count > 0 && Count("refused", count))
            LogRefused(centre, count);
    }

    /// <returns>Whether it is to be said.</returns>
    private bool Count(string reason, int count)
    {
        metrics.EventsDropped.WithLabels(reason).Inc(count);
        if (_said.TryGetValue(reason, out long at) && time.GetElapsedTime(at) < s_quiet)
            return false;
        _said[reason] = time.GetTimestamp();
        return true;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Events between {From} and {To} went for their age or size before they could be sent to {Centre}")]
    private partial void LogExpired(string centre, string from, string to);

    [LoggerMessage(Level = LogLevel.Error, Message = "The event that came at {At} is given up, since {Centre} does not take it: {Said}")]
    private partial void LogGivenUp(string centre, string at, string said);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "{Centre} does not take {Count} events, since the token may not send of their hosts")]
    private partial void LogRefused(string centre, int count);
}
