using Metrics.Model;
using Metrics.Notifiers;

namespace Metrics.Alerting;

/// <summary>What one rule would have done.</summary>
/// <param name="Name">Name of the rule.</param>
/// <param name="Severity">Label <c>severity</c> of its alerts; empty without.</param>
internal sealed record ReplayedRule(string Name, string Severity)
{
    /// <summary>How often an alert of it fired.</summary>
    public int Fired { get; set; }

    /// <summary>How often one was pending and ended before it fired.</summary>
    public int OnlyPending { get; set; }

    /// <summary>How often one was left without data.</summary>
    public int NoData { get; set; }

    /// <summary>Together, over all alerts.</summary>
    public TimeSpan Firing { get; private set; }

    /// <summary>The longest of them.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>What was wrong with it last, or null.</summary>
    public string? Error { get; set; }

    /// <summary>Notes that an alert of it fired for so long.</summary>
    public void AddFiring(TimeSpan span)
    {
        Firing += span;
        Longest = span > Longest ? span : Longest;
    }
}

/// <summary>A message that somebody would have got.</summary>
/// <param name="At">When it would have gone out.</param>
/// <param name="To">Who would have got it.</param>
/// <param name="Message">The message.</param>
internal sealed record ReplayedMessage(Timestamp At, IntegrationId To, AlertMessage Message);

/// <summary>What would have happened.</summary>
/// <param name="Rules">By rule, in the order of the files.</param>
/// <param name="Messages">Every message, in order; a digest where its first alert stands.</param>
/// <param name="Muted">How often an alert became mute when a message was due, by the reason in a few words.</param>
internal sealed record ReplayResult(
    IReadOnlyList<ReplayedRule> Rules, IReadOnlyList<ReplayedMessage> Messages, IReadOnlyDictionary<string, int> Muted)
{
    /// <summary>Messages by integration, such as <c>ops/email/0</c>.</summary>
    public IReadOnlyDictionary<string, int> Counts { get; } =
        Messages.GroupBy(m => m.To).ToDictionary(g => g.Key.ToString(), g => g.Count());
}
