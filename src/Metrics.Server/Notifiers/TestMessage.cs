using Metrics.Model;

namespace Metrics.Notifiers;

/// <summary>A message by which somebody tries whether a receiver works. It is about an alert that there is not.</summary>
internal static class TestMessage
{
    /// <summary>The name of that alert.</summary>
    public const string AlertName = "MetricsdTest";

    /// <summary>Makes it.</summary>
    /// <param name="receiver">The receiver that is tried.</param>
    /// <param name="more">Labels that the alert shall have beside its own.</param>
    /// <param name="isOver">Whether it says that the alert of an earlier one is over.</param>
    /// <param name="externalUrl">The address under which people reach us.</param>
    /// <param name="now">The clock.</param>
    public static AlertMessage Of(string receiver, Labels more, bool isOver, string externalUrl, DateTimeOffset now)
    {
        Labels labels = more.With(Labels.MetricName, "");
        (string, string)[] own = [("alertname", AlertName), ("severity", "info"), ("instance", Environment.MachineName)];
        foreach ((string name, string value) in own)
            labels = labels[name].Length > 0 ? labels : labels.With(name, value);
        string time = Timestamp.Of(now).ToString();
        var alert = new MessageAlert
        {
            Status = isOver ? "resolved" : "firing",
            Labels = labels.ToDictionary(l => l.Name, l => l.Value),
            Annotations = new Dictionary<string, string>
            {
                ["summary"] = $"A test of the receiver {receiver}; nothing is wrong.",
                ["description"] = "Sent by 'metricsd receivers test'.",
            },
            StartsAt = time,
            EndsAt = isOver ? time : AlertMessage.NoTime,
            GeneratorUrl = externalUrl,
            Fingerprint = labels.Fingerprint(),
        };
        // The same at each test, so that the end of one closes what it has opened elsewhere.
        var group = Labels.Of(new Label("alertname", labels["alertname"]));
        return AlertMessage.Of($"{{}}:{Labels.Of(AlertName, ("receiver", receiver))}", group, [alert], receiver, externalUrl);
    }
}
