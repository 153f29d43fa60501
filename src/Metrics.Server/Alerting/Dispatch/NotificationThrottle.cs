using Metrics.Model;
using Metrics.Routing;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>How many messages somebody gets before the rest becomes a digest.</summary>
/// <param name="Messages">Messages to one integration; 0 is any number.</param>
/// <param name="Within">In so long a time.</param>
internal sealed record StormOptions(int Messages, TimeSpan Within);

/// <summary>
/// Holds back the flood: after some messages within a minute what follows goes into one digest, sent when the minute is over. The digest is in the outbox
/// from its first alert on, and grows there. Used by the rule engine's thread.
/// </summary>
internal sealed class NotificationThrottle
{
    private const int Shown = 50;

    /// <summary>The outbox must not send what may still grow.</summary>
    private const long SlackMilliseconds = 2000;

    private readonly Dictionary<string, Window> _windows = [];

    private sealed class Window
    {
        public required long Start { get; init; }

        public int Messages { get; set; }

        public string? Key { get; set; }

        public bool IsWritten { get; set; }

        public bool IsChanged { get; set; }

        public AlertMessage? Digest { get; set; }

        public Dictionary<(string Name, string Status), int> Counts { get; } = [];

        public long SendAt { get; set; }
    }

    /// <summary>Takes a message into the digest when there were too many.</summary>
    /// <param name="notice">The message's notice.</param>
    /// <param name="message">The message.</param>
    /// <param name="options">The limit.</param>
    /// <param name="now">Milliseconds since 1970 UTC.</param>
    /// <param name="links">Signs the digest's links.</param>
    /// <returns>The digest's idempotency key; null when the message goes out as it is.</returns>
    public string? Take(Notice notice, AlertMessage message, StormOptions options, long now, SignedLinks links)
    {
        if (options.Messages == 0)
            return null;
        string integration = notice.Integration.Key;
        if (!_windows.TryGetValue(integration, out Window? window) || now - window.Start >= options.Within.TotalMilliseconds)
            _windows[integration] = window = new Window { Start = now };
        if (++window.Messages <= options.Messages)
            return null;
        string key = window.Key ??= Guid.NewGuid().ToString("N");
        foreach (MessageAlert alert in message.Alerts)
        {
            (string, string) kind = (alert.Labels.GetValueOrDefault("alertname", ""), alert.Status);
            window.Counts[kind] = window.Counts.GetValueOrDefault(kind) + 1;
        }
        int total = window.Counts.Values.Sum();
        List<MessageAlert> shown = [.. (window.Digest?.Alerts ?? []).Concat(message.Alerts).Take(Shown)];
        AlertMessage digest = AlertMessage.Of($"storm:{integration}:{window.Start}", Labels.Empty, shown, message.Receiver, message.ExternalUrl) with
        {
            Kind = MessageKind.Digest,
            Status = window.Counts.Keys.Any(k => k.Status == "firing") ? "firing" : "resolved",
            TruncatedAlerts = total - shown.Count,
            Note = $"A storm: {total} alerts in {window.Messages - options.Messages} more messages within {Duration.Format(options.Within)}: "
                + string.Join(", ", window.Counts.OrderByDescending(c => c.Value).Take(20).Select(c => $"{c.Value} {c.Key.Name} {c.Key.Status}")) + ".",
        };
        window.Digest = digest with { Links = MessageLinks.Of(digest, key, links) };
        window.SendAt = window.Start + (long)options.Within.TotalMilliseconds + SlackMilliseconds;
        window.IsChanged = true;
        return key;
    }

    /// <summary>Writes the digests that have grown.</summary>
    public void Save(StateWriter to)
    {
        foreach ((string integration, Window window) in _windows.Where(w => w.Value.IsChanged))
        {
            if (window.IsWritten)
                to.ChangeMessage(window.Key!, window.Digest!.ToJson());
            else
                to.AddMessage(integration, window.Digest!.ToJson(), window.Key!, window.Start, window.SendAt);
            (window.IsWritten, window.IsChanged) = (true, false);
        }
    }
}
