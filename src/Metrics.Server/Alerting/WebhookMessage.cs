using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>A message about alerts in Alertmanager's webhook form, version 4, so that existing receivers work.</summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#webhook_config</remarks>
internal sealed record WebhookMessage
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.Default,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    public string Version { get; init; } = "4";

    public required string GroupKey { get; init; }

    public int TruncatedAlerts { get; init; }

    public required string Status { get; init; }

    public required string Receiver { get; init; }

    public required IReadOnlyDictionary<string, string> GroupLabels { get; init; }

    public required IReadOnlyDictionary<string, string> CommonLabels { get; init; }

    public required IReadOnlyDictionary<string, string> CommonAnnotations { get; init; }

    [JsonPropertyName("externalURL")]
    public required string ExternalUrl { get; init; }

    public required IReadOnlyList<WebhookAlert> Alerts { get; init; }

    /// <summary>What is to be said of a group.</summary>
    public static WebhookMessage Of(Notice notice, string externalUrl) => Of(
        notice.Group.Key, notice.Group.Labels, [.. notice.Alerts.Select(a => WebhookAlert.Of(a.Alert, a.Before, a.At, externalUrl))], notice.Group.Route.Receiver, externalUrl);

    /// <summary>A message about some alerts.</summary>
    public static WebhookMessage Of(string groupKey, Labels group, IReadOnlyList<WebhookAlert> alerts, string receiver, string externalUrl) => new()
    {
        GroupKey = groupKey,
        Status = alerts.Any(a => a.Status == "firing") ? "firing" : "resolved",
        Receiver = receiver,
        GroupLabels = group.ToDictionary(l => l.Name, l => l.Value),
        CommonLabels = Common(alerts.Select(a => a.Labels)),
        CommonAnnotations = Common(alerts.Select(a => a.Annotations)),
        ExternalUrl = externalUrl,
        Alerts = alerts,
    };

    public string ToJson() => JsonSerializer.Serialize(this, s_json);

    public static WebhookMessage FromJson(string json) => JsonSerializer.Deserialize<WebhookMessage>(json, s_json)!;

    private static Dictionary<string, string> Common(IEnumerable<IReadOnlyDictionary<string, string>> maps) =>
        maps.Select(m => m.AsEnumerable()).Aggregate((a, b) => a.Intersect(b)).ToDictionary(p => p.Key, p => p.Value);
}

/// <summary>One alert of a message.</summary>
internal sealed record WebhookAlert
{
    /// <summary>What Alertmanager writes for a time that is not there.</summary>
    private const string NoTime = "0001-01-01T00:00:00Z";

    public required string Status { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    public required string StartsAt { get; init; }

    public required string EndsAt { get; init; }

    [JsonPropertyName("generatorURL")]
    public required string GeneratorUrl { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary>An alert as others are told it. "No data" and "expired" are said in the annotation <c>metricsd_state</c>.</summary>
    public static WebhookAlert Of(AlertInstance alert, AlertState before, long at, string externalUrl)
    {
        bool over = alert.State is AlertState.Inactive;
        AlertState state = over ? before : alert.State;
        long startsAt = (state is AlertState.NoData { Before: var was } ? was : state) switch
        {
            AlertState.Firing f => f.FiredAt,
            AlertState.Pending p => p.Since,
            _ => at,
        };
        var annotations = new Dictionary<string, string>(alert.Annotations);
        if (alert.State is AlertState.NoData)
            annotations["metricsd_state"] = "no data: the series stopped while the alert was firing; whether it is over is not known";
        else if (alert.State is AlertState.Inactive { Reason: EndReason.Retired })
            annotations["metricsd_state"] = "retired: the rule is no longer there; the alert was not seen to be over";
        else if (alert.State is AlertState.Inactive { Reason: EndReason.Expired })
            annotations["metricsd_state"] = "expired: nothing was heard of the series for so long that the alert is closed; it was not seen to be over";
        return new WebhookAlert
        {
            Status = over ? "resolved" : "firing",
            Labels = alert.Labels.ToDictionary(l => l.Name, l => l.Value),
            Annotations = annotations,
            StartsAt = Time(startsAt),
            EndsAt = over ? Time(at) : NoTime,
            GeneratorUrl = $"{externalUrl}/",
            Fingerprint = alert.Labels.Fingerprint(),
        };
    }

    private static string Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
