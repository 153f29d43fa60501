using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Inputs.Push;
using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Telemetry;

namespace Metrics.Api.Alertmanager;

/// <summary>
/// Takes alerts as Prometheus, vmalert and Grafana send them to an Alertmanager. Those that are right are taken even when others of the
/// request are not.
/// </summary>
internal sealed class PostAlertsHandler(
    AlertInbox inbox, ExternalAlerts external, Current<NotificationOptions> options, PostedAlertMetrics metrics, PushMetrics pushes,
    MemoryBudget memory, TimeProvider time)
{
    private const int MaxOpen = 500_000;
    private const int NamedFaults = 5;

    /// <summary>The label that alerts of bound tokens have.</summary>
    private const string SenderLabel = "sender";

    /// <summary>Takes Alertmanager's <c>postableAlerts</c>; returns when they are committed.</summary>
    /// <param name="body">What was sent.</param>
    /// <param name="sender">
    /// The sender, or null. One that is bound speaks only of those it is bound to, and for itself: its alerts have its name as the
    /// label <c>sender</c>, so that they are never those of another, which it could keep open or rewrite. It ends none, as who has stolen
    /// it would: what is not sent again ends by itself, after <c>global.resolve_timeout</c>.
    /// </param>
    /// <param name="ct">Ends the waiting.</param>
    /// <returns>What is wrong, or null.</returns>
    public async Task<string?> PutAsync(JsonElement body, Account? sender, CancellationToken ct)
    {
        if (body.ValueKind != JsonValueKind.Array)
            return "the body must be a list of alerts";
        // By the system's clock, as its senders have it; the inbox knows how far ours is ahead.
        Timestamp now = Timestamp.Of(time.GetUtcNow() - SteadyClock.AheadOf(time));
        var alerts = new List<SentAlert>(body.GetArrayLength());
        var faults = new List<string>();
        foreach (JsonElement alert in body.EnumerateArray())
        {
            try
            {
                SentAlert read = PostedAlert.Read(alert, now, options.Value.ResolveTimeout);
                if (sender?.Binding is null || TryBind(read, sender, now, out read, faults))
                    alerts.Add(read);
            }
            catch (FormatException e)
            {
                faults.Add(e.Message);
            }
        }
        bool isFull = external.Count + alerts.Count > MaxOpen;
        if (isFull || !memory.HasRoom())
        {
            // Those that are known, and their ends, are taken all the same.
            int before = alerts.Count;
            alerts.RemoveAll(a => a.EndsAt > now && external.Find(a.Labels) is null);
            string reason = isFull ? $"{MaxOpen} alerts are open, more are not taken" : "memory is short: no new alerts are taken";
            faults.AddRange(Enumerable.Repeat(reason, before - alerts.Count));
        }
        if (alerts.Count > 0)
            await inbox.PutAsync(alerts, ct);
        int over = alerts.Count(a => a.EndsAt <= now);
        metrics.Received.WithLabels("firing").Inc(alerts.Count - over);
        metrics.Received.WithLabels("resolved").Inc(over);
        metrics.Invalid.Inc(faults.Count);
        if (faults.Count == 0)
            return null;
        string more = faults.Count > NamedFaults ? $"; and {faults.Count - NamedFaults} more" : "";
        return string.Join("; ", faults.Take(NamedFaults)) + more;
    }

    private bool TryBind(SentAlert alert, Account sender, Timestamp now, out SentAlert bound, List<string> faults)
    {
        bool may = sender.Binding!.TryBind(alert.Labels, out Labels labels, out string? fault);
        bound = alert with { Labels = labels.With(SenderLabel, sender.Name), EndsAt = now + options.Value.ResolveTimeout };
        if (may && alert.EndsAt > now)
            return true;
        pushes.SenderRefused.WithLabels("alerts").Inc();
        faults.Add($"{alert.Labels}: {fault ?? "this token ends no alerts; they end when they are not sent again"}");
        return false;
    }

    private Timestamp EndUnlessSentAgain(Timestamp now) => now + options.Value.ResolveTimeout;
}
