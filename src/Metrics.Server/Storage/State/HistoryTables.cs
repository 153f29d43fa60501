namespace Metrics.Storage.State;

/// <summary>A row of what happened: written once, never changed, given up when it is old (<see cref="HistoryRetention"/>).</summary>
internal abstract class HistoryEntry
{
    /// <summary>Grows with time.</summary>
    public long Id { get; set; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long At { get; set; }
}

/// <summary>A step of an alert: it became pending, fired, ended.</summary>
internal sealed class AlertStepRow : HistoryEntry
{
    /// <summary>Id of the alert, 32 hex digits.</summary>
    public required string Alert { get; set; }

    /// <summary>File, group and name of its rule.</summary>
    public required string Rule { get; set; }

    /// <summary>The rule's name alone, by which people ask.</summary>
    public required string RuleName { get; set; }

    /// <summary>Labels of its series, as JSON.</summary>
    public required string Series { get; set; }

    /// <summary>How it is after the step, one word: a state, or why it ended.</summary>
    public required string State { get; set; }

    /// <summary>What was seen, and where the alert goes, for people.</summary>
    public required string Text { get; set; }
}

/// <summary>Something that happened to an alert on its way.</summary>
internal sealed class AlertNoteRow : HistoryEntry
{
    /// <summary>Id of the alert, 32 hex digits.</summary>
    public required string Alert { get; set; }

    /// <summary>One word: <c>grouped</c>, <c>muted</c>, <c>heard</c>, <c>acknowledged</c>.</summary>
    public required string What { get; set; }

    /// <summary>For people.</summary>
    public required string Text { get; set; }
}

/// <summary>An integration was notified of a group of alerts.</summary>
/// <remarks>Its id is given by who writes it, since <see cref="NotificationAlertRow"/> refers to it.</remarks>
internal sealed class NotificationRow : HistoryEntry
{
    /// <summary>Idempotency key of the message that carries it; a digest carries several.</summary>
    public required string Key { get; set; }

    /// <summary>Who: <c>ops/webhook/0</c>.</summary>
    public required string Integration { get; set; }

    /// <summary>The group, as messages name it.</summary>
    public required string GroupKey { get; set; }

    /// <summary>Ids of the alerts, with blanks between.</summary>
    public required string Alerts { get; set; }

    /// <summary>How many of its alerts were firing.</summary>
    public int Firing { get; set; }

    /// <summary>How many of its alerts were over.</summary>
    public int Over { get; set; }

    /// <summary>Whether it went out in a digest.</summary>
    public bool IsDigest { get; set; }
}

/// <summary>
/// An alert that a notification was about, and the one before it to the same integration about the same group was not: where to begin to
/// look for what was said of an alert. A message about a thousand alerts, one of them new, adds one row.
/// </summary>
internal sealed class NotificationAlertRow : HistoryEntry
{
    /// <summary>Id of the <see cref="NotificationRow"/>.</summary>
    public long Notification { get; set; }

    /// <summary>Id of the alert, 32 hex digits.</summary>
    public required string Alert { get; set; }
}

/// <summary>A message was sent, or could not be.</summary>
internal sealed class DeliveryTryRow : HistoryEntry
{
    /// <summary>Idempotency key of the message.</summary>
    public required string Message { get; set; }

    /// <summary>To whom: <c>ops/webhook/0</c>.</summary>
    public required string Integration { get; set; }

    /// <summary>One word: <c>sent</c>, <c>retry</c>, <c>rejected</c>.</summary>
    public required string Status { get; set; }

    /// <summary>What was wrong.</summary>
    public string? Reason { get; set; }
}

/// <summary>When a rule fired last.</summary>
internal sealed class RuleFiringRow
{
    /// <summary>File, group and name of the rule.</summary>
    public required string Rule { get; set; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long FiredAt { get; set; }
}

/// <summary>Somebody changed something.</summary>
internal sealed class AuditRow : HistoryEntry
{
    /// <summary>A token's name, the name that somebody gave, or <c>SIGHUP</c>.</summary>
    public required string Who { get; set; }

    /// <summary>
    /// One word: <c>silenced</c>, <c>unsilenced</c>, <c>acknowledged</c>, <c>reloaded</c>, <c>refused</c>, <c>sealed</c>,
    /// <c>expired</c>, <c>reported</c>.
    /// </summary>
    public required string What { get; set; }

    /// <summary>For people.</summary>
    public required string Text { get; set; }
}
