using System.Data.Common;
using System.Text.RegularExpressions;
using Metrics.Model;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State.Migrations;

/// <summary>
/// Moves what the table <c>Trail</c> of earlier releases holds into the tables by subject, and drops it: one transaction, so that a kill in
/// the middle leaves all of it for the next start.
/// </summary>
/// <param name="connection">Open.</param>
/// <param name="backend">Whose it is.</param>
/// <param name="log">Hears how far it is, when there is much.</param>
internal sealed partial class TrailSplit(DbConnection connection, StateBackend backend, ILogger log)
{
    private const int RowsAtOnce = 5_000;
    private const int RowsBetweenReports = 100_000;

    private readonly Dictionary<(string Integration, string Group), HashSet<string>> _known = [];
    private long _lastNotification;

    /// <summary>A row of the old table.</summary>
    /// <param name="Id">Grows with time.</param>
    /// <param name="At">Milliseconds since 1970 UTC.</param>
    /// <param name="Subject">Id of an alert, key of a group, or idempotency key of a message.</param>
    /// <param name="What">One word.</param>
    /// <param name="Text">For people.</param>
    /// <param name="Ref">The rule of an alert, the message of a group.</param>
    /// <param name="Members">Of a message: the ids of its alerts; of a step: the series.</param>
    internal sealed record TrailRow(long Id, long At, string Subject, string What, string Text, string? Ref, string? Members);

    /// <summary>Moves it, if it is still there.</summary>
    public void Run()
    {
        if (!Exists())
            return;
        using var statements = new StateStatements(connection, backend);
        long moved = 0;
        statements.Run(() =>
        {
            statements.Run(db => _lastNotification = db.Notifications.Max(n => (long?)n.Id) ?? 0);
            var fired = new Dictionary<string, long>();
            long last = 0, total = 0;
            statements.Run(db => total = db.Database.SqlQueryRaw<long>("SELECT count(*) AS \"Value\" FROM \"Trail\"").Single());
            while (Read(statements, last) is { Count: > 0 } rows)
            {
                foreach (TrailRow row in rows)
                {
                    foreach (object split in Split(row))
                    {
                        statements.Save(split);
                        if (split is AlertStepRow { State: "firing" } step)
                            fired[step.Rule] = Math.Max(step.At, fired.GetValueOrDefault(step.Rule));
                    }
                }
                last = rows[^1].Id;
                moved += rows.Count;
                if (moved / RowsBetweenReports != (moved - rows.Count) / RowsBetweenReports)
                    LogMoved(backend.Name, moved, total);
            }
            foreach ((string rule, long at) in fired)
                statements.Save(new RuleFiringRow { Rule = rule, FiredAt = at });
            statements.Run(db => db.Database.ExecuteSqlRaw("DROP TABLE \"Trail\""));
        });
        if (moved > 0)
            LogDone(backend.Name, moved);
    }

    /// <summary>What the row is, by subject.</summary>
    internal IEnumerable<object> Split(TrailRow row)
    {
        if (row is { What: "message", Ref: { } key, Members: { } alerts })
            return SplitNotification(row, key, alerts);
        if (row is { Ref: { } rule, Members: { } series })
        {
            return
            [
                new AlertStepRow
                {
                    At = row.At,
                    Alert = row.Subject,
                    Rule = rule,
                    RuleName = RuleId.Parse(rule).Name,
                    Series = series,
                    State = row.What,
                    Text = row.Text,
                },
            ];
        }
        if (row.What is "grouped" or "muted" or "heard" or "acknowledged")
            return [new AlertNoteRow { At = row.At, Alert = row.Subject, What = row.What, Text = row.Text }];
        (string integration, string? reason) = ReadTry(row.Text);
        return [new DeliveryTryRow { At = row.At, Message = row.Subject, Integration = integration, Status = row.What, Reason = reason }];
    }

    private IEnumerable<object> SplitNotification(TrailRow row, string key, string alerts)
    {
        string[] ids = alerts.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Match read = NotificationText().Match(row.Text);
        string integration = read.Success ? read.Groups["integration"].Value : row.Text;
        yield return new NotificationRow
        {
            Id = ++_lastNotification,
            At = row.At,
            Key = key,
            Integration = integration,
            GroupKey = row.Subject,
            Alerts = alerts,
            Firing = Number(read.Groups["firing"]) ?? ids.Length,
            Over = Number(read.Groups["over"]) ?? 0,
            IsDigest = read.Groups["digest"].Success,
        };
        HashSet<string> known = _known.GetValueOrDefault((integration, row.Subject), []);
        _known[(integration, row.Subject)] = [.. ids];
        foreach (string alert in ids.Where(a => !known.Contains(a)))
            yield return new NotificationAlertRow { At = row.At, Notification = _lastNotification, Alert = alert };
    }

    /// <summary>Takes apart <c>ops/webhook/0: it answered 500</c>; a receiver's name may hold a colon.</summary>
    private static (string Integration, string? Reason) ReadTry(string text)
    {
        for (int colon = Next(0); colon >= 0; colon = Next(colon + 1))
        {
            if (IntegrationId.TryParse(text[..colon], out _))
                return (text[..colon], text[(colon + 2)..]);
        }
        return (text, null);

        int Next(int from) => text.IndexOf(": ", from, StringComparison.Ordinal);
    }

    private static int? Number(Group digits) =>
        int.TryParse(digits.ValueSpan, System.Globalization.CultureInfo.InvariantCulture, out int number) ? number : null;

    private bool Exists()
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = backend.FindTable("Trail");
        return command.ExecuteScalar() is not (null or DBNull);
    }

    private static List<TrailRow> Read(StateStatements statements, long after)
    {
        List<TrailRow> rows = [];
        statements.Run(db => rows = db.Database.SqlQuery<TrailRow>(
            $"""
            SELECT "Id", "At", "Subject", "What", "Text", "Ref", "Members" FROM "Trail"
            WHERE "Id" > {after} ORDER BY "Id" LIMIT {RowsAtOnce}
            """).ToList());
        return rows;
    }

    [GeneratedRegex(
        "^to (?<integration>.+): (?<firing>[0-9]+) firing, (?<over>[0-9]+) over(?<digest>, in a digest)?$", RegexOptions.Singleline)]
    private static partial Regex NotificationText();

    [LoggerMessage(Level = LogLevel.Information, Message = "The {Name}: {Moved} of {Total} lines of history are in their new tables")]
    private partial void LogMoved(string name, long moved, long total);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "The {Name} has the tables of this release now; {Moved} lines of history were moved")]
    private partial void LogDone(string name, long moved);
}
