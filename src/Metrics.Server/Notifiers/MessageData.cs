using System.Globalization;
using Metrics.Rules.Templates;

namespace Metrics.Notifiers;

/// <summary>A message as Go's templates see it: the data of Alertmanager's, under its names.</summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/notifications/#data-structures</remarks>
internal static class MessageData
{
    public static GoStruct Of(AlertMessage message)
    {
        List<GoStruct> alerts = [.. message.Alerts.Select(Of)];
        GoList With(string status) => new("[]template.Alert", [.. alerts.Where(a => (string)a.Member("Status", [])! == status)]);
        return new GoStruct(
            "template.Data", ("Receiver", message.Receiver), ("Status", message.Status),
            ("Alerts", new GoList("template.Alerts", [.. alerts])
            {
                Methods = new Dictionary<string, Func<object?>>
                {
                    ["Firing"] = () => With("firing"),
                    ["Resolved"] = () => With("resolved"),
                },
            }),
            ("GroupLabels", new GoMap(message.GroupLabels)), ("CommonLabels", new GoMap(message.CommonLabels)),
            ("CommonAnnotations", new GoMap(message.CommonAnnotations)), ("ExternalURL", message.ExternalUrl)) { Origin = message };
    }

    private static GoStruct Of(MessageAlert alert) => new(
        "template.Alert", ("Status", alert.Status), ("Labels", new GoMap(alert.Labels)), ("Annotations", new GoMap(alert.Annotations)),
        ("StartsAt", Time(alert.StartsAt)), ("EndsAt", Time(alert.EndsAt)), ("GeneratorURL", alert.GeneratorUrl),
        ("Fingerprint", alert.Fingerprint));

    private static GoTime Time(string text) => GoTime.Utc(
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.ToUniversalTime()
            : DateTimeOffset.MinValue);
}
