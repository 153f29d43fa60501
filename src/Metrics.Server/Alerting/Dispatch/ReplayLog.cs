using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules.Conditions;

namespace Metrics.Alerting;

/// <summary>
/// Takes what the dispatcher has come to where nobody is notified: writes the messages that the daemon would have written, and counts what
/// was mute.
/// </summary>
/// <param name="notifications">Who is notified.</param>
/// <param name="condition">What the rule of an alert watches for.</param>
internal sealed class ReplayLog(NotificationOptions notifications, Func<RuleId, Condition?> condition)
{
    private readonly ComposerKnowledge _known = new(notifications.ExternalUrl, _ => null, condition);
    private readonly List<ReplayedMessage> _messages = [];
    private readonly Dictionary<DigestId, int> _digests = [];
    private readonly Dictionary<string, int> _muted = [];

    /// <summary>Every message so far; a digest as it has grown.</summary>
    public IReadOnlyList<ReplayedMessage> Messages => _messages;

    /// <summary>How often an alert became mute, by reason.</summary>
    public IReadOnlyDictionary<string, int> Muted => _muted;

    /// <summary>Takes a round.</summary>
    /// <param name="dispatch">What it has come to.</param>
    /// <param name="now">Its time.</param>
    public void Take(Dispatch dispatch, Timestamp now)
    {
        foreach (Notification notification in dispatch.Notifications.Where(n => n.Digest is null))
            _messages.Add(new(now, notification.Integration.Id, MessageComposer.Compose(notification, _known, now)));
        foreach (Digest digest in dispatch.Digests)
        {
            var message = new ReplayedMessage(digest.SendAt, digest.Id.Integration, MessageComposer.Compose(digest, _known, now));
            if (_digests.TryAdd(digest.Id, _messages.Count))
                _messages.Add(message);
            else
                _messages[_digests[digest.Id]] = message;
        }
        foreach (HistoryLine.Muted mute in dispatch.History.OfType<HistoryLine.Muted>())
            _muted[mute.Reason.Kind] = _muted.GetValueOrDefault(mute.Reason.Kind) + 1;
    }
}
