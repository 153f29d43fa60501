using System.Collections.Immutable;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>Who is at which alert: in the state database, and in memory for whoever asks. Safe for use by several threads.</summary>
internal sealed class Acknowledgements(StateStore state, TimeProvider time)
{
    private ImmutableDictionary<AlertId, Acknowledgement> _all = ImmutableDictionary<AlertId, Acknowledgement>.Empty;

    /// <summary>By alert, as they are now; never changed.</summary>
    public IReadOnlyDictionary<AlertId, Acknowledgement> All => Volatile.Read(ref _all);

    /// <summary>Reads them from the state database.</summary>
    public void Load()
    {
        List<AckRow> rows = state.Read(db => db.Acknowledgements.AsNoTracking().ToList());
        state.Rebuilt += SaveAll;
        _all = ImmutableDictionary.CreateRange(state.Decode(rows, a => KeyValuePair.Create(
            AlertId.Parse(a.Alert), new Acknowledgement(new Timestamp(a.FiredAt), a.By, new Timestamp(a.At), a.Comment))));
    }

    /// <summary>The acknowledgement of an alert as it fires now, or null.</summary>
    public Acknowledgement? Find(RoutedAlert alert)
    {
        IReadOnlyDictionary<AlertId, Acknowledgement> all = All;
        return all.Count > 0 && all.TryGetValue(alert.Id, out Acknowledgement? found) && found.HoldsFor(alert) ? found : null;
    }

    /// <summary>Says that somebody is at some alerts.</summary>
    /// <exception cref="StateUnavailableException">It could not be written in time.</exception>
    /// <param name="alerts">The alerts.</param>
    /// <param name="by">Who, as it is shown to others.</param>
    /// <param name="comment">What they say.</param>
    /// <param name="account">The account that asked, which the audit names; null where only the name is known.</param>
    public Task AcknowledgeAsync(IReadOnlyCollection<RoutedAlert> alerts, string by, string comment, string? account = null)
    {
        Timestamp now = Timestamp.Of(time.GetUtcNow());
        return state.WriteAsync(
            writer =>
            {
                foreach (RoutedAlert alert in alerts)
                    Save(writer, alert, by, comment, now, account ?? by);
            },
            () => ImmutableInterlocked.Update(
                ref _all,
                all => all.SetItems(alerts.Select(a => KeyValuePair.Create(a.Id, new Acknowledgement(a.FiredAt, by, now, comment))))));
    }

    private static void Save(StateWriter to, RoutedAlert alert, string by, string comment, Timestamp now, string account)
    {
        string id = alert.Id.ToString();
        to.Save(Write(alert.Id, new Acknowledgement(alert.FiredAt, by, now, comment)));
        string shown = account == by ? "" : $" as {by}";
        to.AddAudit(now, account, "acknowledged", $"{alert.Alert.Labels}{shown}{(comment.Length > 0 ? ": " + comment : "")}");
        string text = comment.Length > 0 ? $"by {by}: {comment}" : $"by {by}";
        to.Save(new AlertNoteRow { At = now.Milliseconds, Alert = id, What = "acknowledged", Text = text });
    }

    private void SaveAll() => state.Write(writer =>
    {
        foreach ((AlertId id, Acknowledgement ack) in All)
            writer.Save(Write(id, ack));
    });

    private static AckRow Write(AlertId id, Acknowledgement ack) => new()
    {
        Alert = id.ToString(), FiredAt = ack.FiredAt.Milliseconds, By = ack.By, At = ack.At.Milliseconds, Comment = ack.Comment,
    };

    /// <summary>Forgets acknowledgements of alerts that are over, within the caller's unit of work.</summary>
    public void Forget(StateWriter to, IReadOnlyCollection<AlertId> over)
    {
        if (_all.IsEmpty || over.Count == 0)
            return;
        foreach (AlertId id in over.Where(_all.ContainsKey))
            to.Delete<AckRow>(id.ToString());
        ImmutableInterlocked.Update(ref _all, all => all.RemoveRange(over));
    }
}
