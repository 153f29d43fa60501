using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>
/// Counts the events that tell of more than a line, by what happened, on which host, and how it went: what a dashboard of security draws.
/// Requests are <see cref="RequestCounts"/>'. Outsiders choose hosts and kinds: beyond the bound they are counted as of another. One thread
/// at a time.
/// </summary>
internal sealed class EventCounts(IntakeMetrics metrics, TimeProvider time)
{
    /// <summary>What is counted.</summary>
    public static readonly Metric Events = Metric.Counter(
        "events_total",
        "Events that came in, by the host on which they happened, their kind (host.login), how it went (success, failure, unknown) and the "
        + "level of their severity; without mere lines of logs and requests.",
        "host", "kind", "outcome", "level");

    /// <summary>Series at most.</summary>
    public const int MaxSeries = LogCounts.MaxSeries;

    private static readonly HashSet<string> s_known = [.. EventKinds.All];

    private readonly CountTable<EventKey> _counted = new(Events, time);
    private readonly Counter _beyond = metrics.LinesAsOther.WithLabels("events");

    /// <summary>Counts an event, where it tells of more than a line.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="row">The event.</param>
    /// <param name="now">By <see cref="TimeProvider.GetTimestamp"/>.</param>
    public void Count(EventBatch batch, int row, long now)
    {
        if (batch.Kinds[row] is EventKinds.Log or EventKinds.HttpRequest)
            return;
        EventKey key = Read(batch, row);
        CountedSeries? counted = _counted.Find(key);
        // Of those that are beyond there are a few series: some outcomes and levels of the kinds that we know.
        if (counted is null && (_counted.Count >= MaxSeries || IsTooLong(key)))
        {
            _beyond.Inc();
            key = key with { Host = LogCounts.Other, Kind = s_known.Contains(key.Kind) ? key.Kind : LogCounts.Other };
            counted = _counted.Find(key);
        }
        (counted ?? _counted.Add(key, key.Host, key.Kind, key.Outcome, key.Level)).Note(now);
    }

    /// <summary>All counts as they are now; drops those of series that had none for <see cref="LogCounts.Kept"/>.</summary>
    public List<LogCount> Take()
    {
        _counted.Forget(LogCounts.Kept);
        return _counted.Take();
    }

    private static EventKey Read(EventBatch batch, int row)
    {
        string host = "", outcome = "";
        foreach (EventFieldText field in batch.FieldsOf(row))
        {
            switch (field.Name)
            {
                case EventFields.Host: host = field.Value; break;
                case EventFields.Outcome: outcome = Word(field.Utf8); break;
            }
        }
        return new EventKey(host, batch.Kinds[row], outcome, LevelWords.Of(batch.Severities[row]));
    }

    private static string Word(ReadOnlySpan<byte> outcome) =>
        outcome.SequenceEqual("success"u8) ? "success" : outcome.SequenceEqual("failure"u8) ? "failure" : "unknown";

    private static bool IsTooLong(EventKey key) => key.Host.Length > LogCounts.MaxNameLength || key.Kind.Length > LogCounts.MaxNameLength;

    private readonly record struct EventKey(string Host, string Kind, string Outcome, string Level);
}
