using Metrics.Model;

namespace Metrics.Notifiers;

/// <summary>Links that a message holds.</summary>
/// <param name="Acknowledge">Says that somebody is at it; signed, so that it works without a password. Null where nothing is to be
/// acknowledged.</param>
/// <param name="Silence">Leads to the form of a silence.</param>
internal sealed record MessageLinks(string? Acknowledge, string? Silence)
{
    /// <summary>The links of a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="key">Its idempotency key.</param>
    /// <param name="sign">Gives the signed query of a link about something.</param>
    public static MessageLinks Of(AlertMessage message, string key, Func<string, string> sign) => new(
        message.Status == "firing" ? $"{message.ExternalUrl}/acknowledge/{key}?{sign($"acknowledge {key}")}" : null,
        message.CommonLabels.Count > 0 ? $"{message.ExternalUrl}/silences/new?filter={FilterOf(message)}" : null);

    private static string FilterOf(AlertMessage message) =>
        Uri.EscapeDataString(string.Join(',', message.CommonLabels.Select(l => $"{l.Key}={Labels.Quote(l.Value)}")));
}
