using System.Globalization;
using Metrics.Model;
using Metrics.Query;
using Metrics.Routing;

namespace Metrics.Notifiers;

/// <summary>
/// The one line of a message that is read on a phone at night: how bad, what, where, how much, for how long. What is long is cut where it
/// says least, so that the value and the time stay.
/// </summary>
internal static class MessageTitle
{
    private const int LongestName = 60, LongestSeverity = 20, LongestSummary = 80;

    public static string Of(AlertMessage message)
    {
        if (message.Report is { } report)
            return report.Title;
        List<MessageAlert> alerts = [.. message.WorstFirst];
        if (alerts.Count == 0)
            return $"[{message.Status.ToUpperInvariant()}]";
        string line = message.Firing + message.Resolved == 1 ? OfOne(message, alerts[0]) : OfSeveral(message, alerts);
        return MessageText.OneLine($"[{State(message, alerts[0])}] {line}");
    }

    /// <summary>How long an alert has been there, or was; null where that is not known, or no time at all.</summary>
    public static string? Lasting(AlertMessage message, MessageAlert alert)
    {
        long since = alert.Source?.Since ?? 0;
        if (since <= 0 && DateTimeOffset.TryParse(alert.StartsAt, CultureInfo.InvariantCulture, out DateTimeOffset start))
            since = start.ToUnixTimeMilliseconds();
        long until = alert.Status != "firing" && DateTimeOffset.TryParse(alert.EndsAt, CultureInfo.InvariantCulture, out DateTimeOffset end)
            ? end.ToUnixTimeMilliseconds()
            : message.At;
        double seconds = (until - since) / 1000.0;
        return since > 0 && until > 0 && seconds >= 1 ? ValueUnit.FormatTime(Math.Floor(seconds)) : null;
    }

    /// <summary>What is known of an alert, with its value: <c>93 % for 6 min</c>; empty when nothing is.</summary>
    public static string Reading(AlertMessage message, MessageAlert alert)
    {
        string value = alert.Source?.Reading ?? "";
        bool isFiring = alert.Status == "firing";
        string? note = alert.IsSilent ? "no data" : alert.Note;
        // What is no value of now is the last that was seen.
        if (note is not null and not "flapping" && value.Length > 0)
            value = $"last {value}";
        bool saysTime = value.Contains(" for ", StringComparison.Ordinal);
        if (saysTime && !isFiring)
            (value, saysTime) = ("", false);
        string known = string.Join(", ", new[] { note ?? "", value }.Where(p => p.Length > 0));
        if (saysTime || Lasting(message, alert) is not { } lasting)
            return known;
        string comma = known.Contains(" in ", StringComparison.Ordinal) || note is not null ? "," : "";
        return $"{known}{comma} {(isFiring ? "for" : "after")} {lasting}".TrimStart(',', ' ');
    }

    /// <summary>How many alerts there are, and what they have in common: <c>37 firing, 3 resolved on compute-7</c>.</summary>
    public static string Counts(AlertMessage message)
    {
        bool isSilent = message.TruncatedAlerts == 0 && message.Alerts.All(a => a.Status != "firing" || a.IsSilent);
        string word = message.Kind == MessageKind.Flapping ? "flapping" : isSilent ? "without data" : "firing";
        IEnumerable<string> counts = new[] { Count(message.Firing, word), Count(message.Resolved, "resolved") }.Where(c => c.Length > 0);
        return $"{string.Join(", ", counts)} {SharedBy(message)}".TrimEnd();
    }

    private static string State(AlertMessage message, MessageAlert worst)
    {
        if (message.Firing == 0)
            return "RESOLVED";
        string severity = MessageText.OneLine(worst.Labels.GetValueOrDefault(SeverityRank.Label, ""));
        return severity.Length == 0 || SaysOver(severity) ? "FIRING"
            : MessageText.Shorten(severity.ToUpperInvariant(), LongestSeverity);
    }

    /// <summary>Whoever posts alerts chooses their severity: it must not say that what fires is over.</summary>
    private static bool SaysOver(string severity) =>
        new string([.. severity.SkipWhile(c => !char.IsLetter(c)).TakeWhile(char.IsLetter)]).ToLowerInvariant()
            is "resolved" or "ok" or "expired" or "retired";

    private static string OfOne(AlertMessage message, MessageAlert alert)
    {
        string place = AlertPlace.Of(alert), reading = Reading(message, alert);
        bool startsWithTime =
            reading.StartsWith("for ", StringComparison.Ordinal) || reading.StartsWith("after ", StringComparison.Ordinal);
        string about = place.Length == 0 && (reading.Length == 0 || startsWithTime) ? Summary(alert) : "";
        string what = $"{Name(alert)} {place}".TrimEnd() + (about.Length > 0 ? $": {about}" : "");
        return reading.Length == 0 ? what : startsWithTime ? $"{what} {reading}" : $"{what}: {reading}";
    }

    private static string OfSeveral(AlertMessage message, List<MessageAlert> alerts)
    {
        MessageAlert worst = alerts[0];
        string shared = SharedBy(message);
        string known = shared.StartsWith("on ", StringComparison.Ordinal) ? shared[3..] : "";
        string first = $"{Name(worst)} {AlertPlace.Of(worst, known)}".TrimEnd();
        int others = (message.Firing > 0 ? message.Firing : message.Resolved) - 1;
        string rest = others == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" and {others} {(others == 1 ? "other" : "others")}");
        return $"{Counts(message)}: {first}{rest}";
    }

    private static string SharedBy(AlertMessage message) =>
        message.TruncatedAlerts > 0 ? "" : AlertPlace.Shared(message.CommonLabels);

    private static string Count(int count, string word) => count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{count} {word}");

    private static string Name(MessageAlert alert) =>
        MessageText.Shorten(MessageText.OneLine(alert.Labels.GetValueOrDefault("alertname", "")), LongestName);

    private static string Summary(MessageAlert alert) =>
        MessageText.Shorten(MessageText.OneLine(alert.Annotations.GetValueOrDefault("summary", "")), LongestSummary);
}
