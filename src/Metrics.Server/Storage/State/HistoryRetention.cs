using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>Gives up history that is old, or more than there is room for; by ranges of ids, which grow with time.</summary>
internal static class HistoryRetention
{
    /// <summary>Trims what happened to alerts, each table by itself.</summary>
    /// <param name="db">Within a unit of work.</param>
    /// <param name="before">What is older goes, milliseconds since 1970 UTC.</param>
    /// <param name="max">Rows that a table keeps.</param>
    public static void TrimHistory(this StateDb db, long before, long max)
    {
        Trim(db.AlertSteps, before, max);
        Trim(db.AlertNotes, before, max);
        Trim(db.Notifications, before, max);
        Trim(db.NotificationAlerts, before, max);
        Trim(db.DeliveryTries, before, max);
        db.RuleFirings.Where(f => f.FiredAt < before).ExecuteDelete();
    }

    /// <summary>Trims the notes of who did what.</summary>
    public static void TrimAudit(this StateDb db, long before, long max) => Trim(db.Audit, before, max);

    private static void Trim<T>(DbSet<T> rows, long before, long max)
        where T : HistoryEntry
    {
        // From the oldest on, only those that go are looked at.
        long? young = rows.AsNoTracking().Where(r => r.At >= before).OrderBy(r => r.Id).Select(r => (long?)r.Id).FirstOrDefault();
        long newest = rows.Max(r => (long?)r.Id) ?? 0;
        long first = Math.Max(young ?? long.MaxValue, newest - max + 1);
        rows.Where(r => r.Id < first).ExecuteDelete();
    }
}
