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
    private const int MaxTexts = 64;
    private const int MaxName = 1024;
    private const int MaxText = 64 * 1024;

    /// <summary>Of an alert as it was sent: it is kept as long as it is open, over restarts too.</summary>
    private const int MaxAlertBytes = 256 * 1024;

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
                SentAlert read = Read(alert, now);
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
        bound = alert with { Labels = labels.With(SenderLabel, sender.Name), EndsAt = EndUnlessSentAgain(now) };
        if (may && alert.EndsAt > now)
            return true;
        pushes.SenderRefused.WithLabels("alerts").Inc();
        faults.Add($"{alert.Labels}: {fault ?? "this token ends no alerts; they end when they are not sent again"}");
        return false;
    }

    private Timestamp EndUnlessSentAgain(Timestamp now) => now + options.Value.ResolveTimeout;

    private SentAlert Read(JsonElement alert, Timestamp now)
    {
        if (alert.ValueKind != JsonValueKind.Object)
            throw new FormatException("an alert is an object with labels, annotations, startsAt, endsAt and generatorURL");
        if (JsonMarshal.GetRawUtf8Value(alert).Length is > MaxAlertBytes and var bytes)
            throw new FormatException($"an alert has {bytes} bytes; allowed are {MaxAlertBytes}");
        List<Label> pairs = [.. Texts(alert, "labels").Select(p => new Label(p.Key, p.Value))];
        if (!Labels.TryCreate([.. pairs], out Labels? labels, out string? repeated))
            throw new FormatException(repeated!.Length == 0 ? "a label name is empty" : $"the label '{repeated}' is given twice");
        if (labels!.Count == 0)
            throw new FormatException("at least one label pair required");
        Timestamp? startsAt = ReadTime(alert, "startsAt", labels), endsAt = ReadTime(alert, "endsAt", labels);
        if (startsAt > endsAt)
            throw new FormatException($"{labels}: start time must be before end time");
        var annotations = new Dictionary<string, string>();
        foreach ((string name, string text) in Texts(alert, "annotations").Where(p => p.Value.Length > 0))
            annotations[name] = text;
        bool hasUrl = alert.TryGetProperty("generatorURL", out JsonElement url) && url.ValueKind == JsonValueKind.String;
        string? generator = hasUrl && url.GetString() is { Length: > 0 } given ? given : null;
        Timestamp starts = startsAt ?? Timestamp.Min(endsAt ?? now, now);
        return new SentAlert(labels, annotations, starts, endsAt ?? EndUnlessSentAgain(now), generator);
    }

    private static IEnumerable<KeyValuePair<string, string>> Texts(JsonElement alert, string name)
    {
        if (!alert.TryGetProperty(name, out JsonElement map) || map.ValueKind == JsonValueKind.Null)
            yield break;
        if (map.ValueKind != JsonValueKind.Object)
            throw new FormatException($"{name} must be an object of texts");
        if (map.GetPropertyCount() is > MaxTexts and var count)
            throw new FormatException($"an alert has {count} {name}; allowed are {MaxTexts}");
        foreach (JsonProperty text in map.EnumerateObject())
        {
            if (text.Name.Length > MaxName)
                throw new FormatException($"a name of {name} is longer than {MaxName} characters");
            if (text.Value.ValueKind != JsonValueKind.String)
                throw new FormatException($"{name}.{text.Name} must be a text");
            if (text.Value.GetString()! is { Length: <= MaxText } value)
                yield return KeyValuePair.Create(text.Name, value);
            else
                throw new FormatException($"{name}.{text.Name} is longer than {MaxText} characters");
        }
    }

    /// <summary>A time; null where there is none, or Go's zero time, which clients send for none.</summary>
    private static Timestamp? ReadTime(JsonElement alert, string name, Labels labels)
    {
        if (!alert.TryGetProperty(name, out JsonElement time) || time.ValueKind == JsonValueKind.Null)
            return null;
        string? text = time.ValueKind == JsonValueKind.String ? time.GetString() : null;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
            throw new FormatException($"{labels}: {name} must be a time such as 2026-01-31T08:00:00Z");
        return at.Year == 1 ? null : Timestamp.Of(at);
    }
}
