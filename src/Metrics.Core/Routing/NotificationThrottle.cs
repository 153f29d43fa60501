using Metrics.Model;

namespace Metrics.Routing;

/// <summary>How many messages somebody gets before the rest becomes a digest.</summary>
/// <param name="Messages">Messages to one integration; 0 is any number.</param>
/// <param name="Within">In so long a time.</param>
public sealed record StormOptions(int Messages, TimeSpan Within);

/// <summary>
/// Holds back the flood: after some messages within a minute what follows goes into one digest, sent when the minute is over. The digest is
/// there from its first alert on, and grows. Time is an argument; not for use by two threads at once.
/// </summary>
public sealed class NotificationThrottle
{
    /// <summary>Alerts that a digest shows; of the others it says how many.</summary>
    private const int MaxShown = 50;

    /// <summary>What may still grow must not be sent: rounds on both sides of a storm's end take their time.</summary>
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(2);

    private readonly Dictionary<IntegrationId, Storm> _storms = [];

    private sealed class Storm
    {
        public required Timestamp Start { get; init; }

        public required TimeSpan Within { get; init; }

        public required string Receiver { get; init; }

        public int Messages { get; set; }

        public int Held { get; set; }

        public bool HasGrown { get; set; }

        public List<RoutedAlert> Shown { get; } = [];

        public Dictionary<(string Name, bool IsOver), int> Counts { get; } = [];
    }

    /// <summary>Takes a notification into the digest when there were too many.</summary>
    /// <param name="notification">What is to be sent.</param>
    /// <param name="options">The limit.</param>
    /// <param name="now">The moment.</param>
    /// <returns>The digest; null when the message goes out as it is.</returns>
    public DigestId? Take(Notification notification, StormOptions options, Timestamp now)
    {
        if (options.Messages == 0 || !notification.Integration.IsForPeople)
            return null;
        IntegrationId integration = notification.Integration.Id;
        if (!_storms.TryGetValue(integration, out Storm? storm) || now - storm.Start >= options.Within)
            _storms[integration] = storm = new Storm { Start = now, Within = options.Within, Receiver = notification.Receiver };
        if (++storm.Messages <= options.Messages)
            return null;
        storm.Held++;
        storm.HasGrown = true;
        foreach (RoutedAlert alert in notification.Alerts)
        {
            (string, bool) kind = (alert.Alert.Labels["alertname"], alert.IsOver);
            storm.Counts[kind] = storm.Counts.GetValueOrDefault(kind) + 1;
            Show(storm.Shown, alert);
        }
        return new DigestId(integration, storm.Start);
    }

    /// <summary>Of more than there is room for the worst are shown; of those that are alike the first.</summary>
    private static void Show(List<RoutedAlert> shown, RoutedAlert alert)
    {
        if (shown.Count < MaxShown)
        {
            shown.Add(alert);
            return;
        }
        RoutedAlert least = shown.MinBy(Badness)!;
        if (Badness(alert) > Badness(least))
            shown[shown.LastIndexOf(least)] = alert;
    }

    private static int Badness(RoutedAlert alert) => alert.IsOver ? -1 : SeverityRank.Of(alert.Alert.Labels[SeverityRank.Label]);

    /// <summary>The digests that have grown since they were taken last.</summary>
    public IEnumerable<Digest> TakeGrown()
    {
        foreach ((IntegrationId integration, Storm storm) in _storms.Where(s => s.Value.HasGrown))
        {
            storm.HasGrown = false;
            Timestamp sendAt = storm.Start + storm.Within + s_slack;
            IEnumerable<DigestCount> counts = storm.Counts.Select(c => new DigestCount(c.Key.Name, c.Key.IsOver, c.Value));
            yield return new Digest(
                new DigestId(integration, storm.Start), storm.Receiver, sendAt, storm.Within, storm.Held, [.. storm.Shown],
                [.. counts.OrderByDescending(c => c.Alerts)]);
        }
    }
}
