using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>
/// Writes what the dispatcher has come to into a unit of work: messages for the outbox, and what is to be remembered of groups. Used by one
/// thread.
/// </summary>
internal sealed class DispatchCommitter(
    StateStore state, Acknowledgements acks, SignedLinks links, HistoryWriter history, ActiveRules rules)
{
    /// <summary>Of each integration the digest that may still grow.</summary>
    private readonly Dictionary<IntegrationId, GrowingDigest> _digests = [];

    /// <summary>Id of the newest <see cref="NotificationRow"/>, which those of its alerts may have outlived.</summary>
    private long _lastNotification;

    /// <param name="Id">What tells it apart.</param>
    /// <param name="Key">What the outbox knows it by.</param>
    private sealed record GrowingDigest(DigestId Id, string Key)
    {
        /// <summary>Whether it is in the outbox.</summary>
        public bool IsWritten { get; set; }
    }

    /// <summary>How many messages the last writing has put into the outbox.</summary>
    public int Queued { get; private set; }

    /// <summary>Reads where the numbers of notifications go on.</summary>
    public void Load() => _lastNotification = state.Read(db => Math.Max(
        db.Notifications.Max(n => (long?)n.Id) ?? 0, db.NotificationAlerts.Max(n => (long?)n.Notification) ?? 0));

    /// <summary>Writes all of it.</summary>
    public void Write(StateWriter to, Dispatch dispatch, NotificationOptions options, Timestamp now)
    {
        Queued = 0;
        foreach (HistoryLine line in dispatch.History)
            history.Add(HistoryRows.Of(line));
        if (dispatch.ForgetsGroups)
            to.Run(db => db.Groups.ExecuteDelete());
        foreach (Notification notification in dispatch.Notifications)
            Send(to, notification, options, now);
        foreach (Digest digest in dispatch.Digests)
            Save(to, digest, options, now);
        foreach (GroupState group in dispatch.Groups)
            Save(to, group);
        foreach (GroupKey gone in dispatch.GoneGroups)
            to.Delete<GroupRow>(gone.Route, LabelsJson.Write(gone.Labels));
        foreach (FlapRecord flap in dispatch.Flaps)
            Save(to, flap);
        foreach (AlertKey gone in dispatch.GoneFlaps)
            to.Delete<FlapRow>(gone.Rule.ToString(), LabelsJson.Write(gone.Series));
        acks.Forget(to, dispatch.Ended);
    }

    private static void Save(StateWriter to, GroupState group) => to.Save(new GroupRow
    {
        Route = group.Key.Route,
        Labels = LabelsJson.Write(group.Key.Labels),
        NextFlush = group.NextFlush.Milliseconds,
        NotificationLog = GroupJson.WriteLog(group.Log),
        Over = GroupJson.WriteOver(group.Over),
    });

    private static void Save(StateWriter to, FlapRecord flap) => to.Save(new FlapRow
    {
        Rule = flap.Alert.Rule.ToString(),
        Series = LabelsJson.Write(flap.Alert.Series),
        Changes = FlapText.Write(flap.Changes),
        IsFlapping = flap.IsFlapping,
        IsOver = flap.IsOver,
    });

    private void Send(StateWriter to, Notification notification, NotificationOptions options, Timestamp now)
    {
        IntegrationId integration = notification.Integration.Id;
        string key = notification.Digest is { } digest ? Of(digest).Key : NewKey();
        if (notification.Digest is null)
        {
            AlertMessage message = MessageComposer.Compose(notification, Known(options), now);
            bool isBare = options.Find(integration) is { Kind.IsBare: true };
            message = message with { Links = MessageLinks.Of(message, key, links.Sign) };
            Queue(to, integration, (isBare ? message.ToPublic() : message).ToJson(), key, now, default);
        }
        long id = ++_lastNotification;
        to.Save(HistoryRows.Of(notification, id, key, now));
        foreach (RoutedAlert alert in notification.Alerts.Where(a => !notification.Known.Contains(a.Id)))
            to.Save(new NotificationAlertRow { At = now.Milliseconds, Notification = id, Alert = alert.Id.ToString() });
    }

    private void Save(StateWriter to, Digest digest, NotificationOptions options, Timestamp now)
    {
        GrowingDigest growing = Of(digest.Id);
        AlertMessage message = MessageComposer.Compose(digest, Known(options), now);
        string json = (message with { Links = MessageLinks.Of(message, growing.Key, links.Sign) }).ToJson();
        if (growing.IsWritten)
            to.ChangeMessage(growing.Key, json);
        else
            Queue(to, digest.Id.Integration, json, growing.Key, digest.Id.Start, digest.SendAt);
        growing.IsWritten = true;
    }

    private ComposerKnowledge Known(NotificationOptions options) =>
        new(options.ExternalUrl, acks.Find, rule => rules.All.GetValueOrDefault(rule)?.Rule.Condition);

    private GrowingDigest Of(DigestId id)
    {
        if (!_digests.TryGetValue(id.Integration, out GrowingDigest? growing) || growing.Id != id)
            _digests[id.Integration] = growing = new GrowingDigest(id, NewKey());
        return growing;
    }

    private void Queue(StateWriter to, IntegrationId target, string json, string key, Timestamp createdAt, Timestamp nextTry)
    {
        to.Save(new OutboxRow
        {
            Target = target.ToString(), Payload = json, IdempotencyKey = key,
            CreatedAt = createdAt.Milliseconds, NextTry = nextTry.Milliseconds,
        });
        Queued++;
    }

    private static string NewKey() => Guid.NewGuid().ToString("N");
}
