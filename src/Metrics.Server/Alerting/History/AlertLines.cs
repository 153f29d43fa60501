using Metrics.Model;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>One line of an alert's history.</summary>
/// <param name="At">When.</param>
/// <param name="What">One word.</param>
/// <param name="Text">For people.</param>
public sealed record ExplanationLine(Timestamp At, string What, string Text);

/// <summary>Reads what happened to an alert out of the tables of the history, each by its index.</summary>
internal static class AlertLines
{
    /// <summary>
    /// The lines of an alert in the order of time; of those of one moment its steps first, then who was notified, and how that went.
    /// </summary>
    /// <param name="db">The state database.</param>
    /// <param name="alert">Id of the alert, 32 hex digits.</param>
    /// <param name="max">Lines of each subject, the newest.</param>
    public static IReadOnlyList<ExplanationLine> Of(StateDb db, string alert, int max)
    {
        List<AlertStepRow> steps = Newest(db.AlertSteps.Where(s => s.Alert == alert), max);
        List<AlertNoteRow> notes = Newest(db.AlertNotes.Where(n => n.Alert == alert), max);
        List<IQueryable<NotificationRow>> sent = Sent(db, alert);
        IEnumerable<NotificationRow> notifications = sent.SelectMany(s => Newest(s, max)).OrderBy(n => n.Id).TakeLast(max);
        IEnumerable<DeliveryTryRow> tries = sent
            .SelectMany(s => Newest(db.DeliveryTries.Where(t => s.Select(n => n.Key).Contains(t.Message)), max))
            .DistinctBy(t => t.Id).OrderBy(t => t.Id).TakeLast(max);
        // A sort that keeps the order of what is equal.
        return
        [
            .. steps.Select(s => new ExplanationLine(new Timestamp(s.At), s.State, s.Text))
                .Concat(notes.Select(n => new ExplanationLine(new Timestamp(n.At), n.What, n.Text)))
                .Concat(notifications.Select(n => new ExplanationLine(new Timestamp(n.At), "message", Describe(n))))
                .Concat(tries.Select(t => new ExplanationLine(new Timestamp(t.At), t.Status, Describe(t))))
                .OrderBy(l => l.At),
        ];
    }

    /// <summary>The notifications about an alert: of each integration and group that had it, from the first on.</summary>
    private static List<IQueryable<NotificationRow>> Sent(StateDb db, string alert)
    {
        IQueryable<long> first = db.NotificationAlerts.Where(n => n.Alert == alert).Select(n => n.Notification);
        return
        [
            .. db.Notifications.Where(n => first.Contains(n.Id)).Select(n => new { n.Integration, n.GroupKey, n.Id }).AsEnumerable()
                .GroupBy(n => (n.Integration, n.GroupKey), n => n.Id).Select(g => Of(g.Key.Integration, g.Key.GroupKey, g.Min())),
        ];

        IQueryable<NotificationRow> Of(string integration, string group, long from) => db.Notifications.Where(
            n => n.GroupKey == group && n.Integration == integration && n.Id >= from && n.Alerts.Contains(alert));
    }

    private static string Describe(NotificationRow row) =>
        $"to {row.Integration}: {row.Firing} firing, {row.Over} over{(row.IsDigest ? ", in a digest" : "")} (key {row.Key})";

    private static string Describe(DeliveryTryRow row) => row.Reason is null ? row.Integration : $"{row.Integration}: {row.Reason}";

    private static List<T> Newest<T>(IQueryable<T> rows, int max)
        where T : HistoryEntry
    {
        List<T> newest = [.. rows.AsNoTracking().OrderByDescending(r => r.Id).Take(max)];
        newest.Reverse();
        return newest;
    }
}
