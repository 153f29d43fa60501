using Metrics.Notifiers;
using Metrics.Formats;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Storage;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>
/// Writes what the dispatcher has come to into a unit of work: messages for the outbox, and what is to be remembered of groups. Used by one
/// thread.
/// </summary>
internal sealed class DispatchCommitter(Acknowledgements acks, SignedLinks links, HistoryWriter history)
{
    /// <summary>Of each integration the digest that may still grow.</summary>
    private readonly Dictionary<IntegrationId, GrowingDigest> _digests = [];

    /// <param name="Id">What tells it apart.</param>
    /// <param name="Key">What the outbox knows it by.</param>
    private sealed record GrowingDigest(DigestId Id, string Key)
    {
        /// <summary>Whether it is in the outbox.</summary>
        public bool IsWritten { get; set; }
    }

    /// <summary>Writes all of it.</summary>
    public void Write(StateWriter to, Dispatch dispatch, NotificationOptions options, long now)
    {
        foreach (HistoryLine line in dispatch.History)
            history.Add(HistoryRows.Of(line));
        if (dispatch.ForgetsGroups)
            to.DeleteGroups();
        foreach (Notification notification in dispatch.Notifications)
            Send(to, notification, options, now);
        foreach (Digest digest in dispatch.Digests)
            Save(to, digest, options);
        foreach (GroupState group in dispatch.Groups)
            Save(to, group);
        foreach (GroupKey gone in dispatch.GoneGroups)
            to.DeleteGroup(gone.Route, LabelsJson.Write(gone.Labels));
        foreach (FlapRecord flap in dispatch.Flaps)
            Save(to, flap);
        foreach (AlertKey gone in dispatch.GoneFlaps)
            to.DeleteFlap(gone.Rule.ToString(), LabelsJson.Write(gone.Series));
        acks.Forget(to, dispatch.Ended);
    }

    private static void Save(StateWriter to, GroupState group) => to.SaveGroup(
        group.Key.Route, LabelsJson.Write(group.Key.Labels), group.NextFlush, GroupJson.WriteLog(group.Log),
        GroupJson.WriteOver(group.Over));

    private static void Save(StateWriter to, FlapRecord flap) => to.SaveFlap(
        flap.Alert.Rule.ToString(), LabelsJson.Write(flap.Alert.Series), FlapText.Write(flap.Changes), flap.IsFlapping, flap.IsOver);

    private void Send(StateWriter to, Notification notification, NotificationOptions options, long now)
    {
        IntegrationId integration = notification.Integration.Id;
        string key = notification.Digest is { } digest ? Of(digest).Key : NewKey();
        if (notification.Digest is null)
        {
            AlertMessage message = MessageComposer.Compose(notification, options.ExternalUrl, acks.Find);
            bool isBare = options.Find(integration) is { Kind.IsBare: true };
            message = isBare ? message.ToPublic() : message with { Links = MessageLinks.Of(message, key, links.Sign) };
            to.AddMessage(integration.ToString(), message.ToJson(), key, now, 0);
        }
        to.AddTrail(HistoryRows.Of(notification, key, now));
    }

    private void Save(StateWriter to, Digest digest, NotificationOptions options)
    {
        GrowingDigest growing = Of(digest.Id);
        AlertMessage message = MessageComposer.Compose(digest, options.ExternalUrl, acks.Find);
        string json = (message with { Links = MessageLinks.Of(message, growing.Key, links.Sign) }).ToJson();
        if (growing.IsWritten)
            to.ChangeMessage(growing.Key, json);
        else
            to.AddMessage(digest.Id.Integration.ToString(), json, growing.Key, digest.Id.Start, digest.SendAt);
        growing.IsWritten = true;
    }

    private GrowingDigest Of(DigestId id)
    {
        if (!_digests.TryGetValue(id.Integration, out GrowingDigest? growing) || growing.Id != id)
            _digests[id.Integration] = growing = new GrowingDigest(id, NewKey());
        return growing;
    }

    private static string NewKey() => Guid.NewGuid().ToString("N");
}
