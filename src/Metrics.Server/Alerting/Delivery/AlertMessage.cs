using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Storage;

namespace Metrics.Alerting;

/// <summary>What a message is about beside its alerts.</summary>
internal enum MessageKind
{
    /// <summary>Alerts of a group.</summary>
    Alerts,

    /// <summary>An alert that comes and goes; told once until it is quiet.</summary>
    Flapping,

    /// <summary>Many alerts that began at once.</summary>
    Digest,
}

/// <summary>
/// A message about alerts. Its public form is Alertmanager's webhook JSON, version 4, so that existing receivers work; what is stored holds a little more.
/// </summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#webhook_config</remarks>
internal sealed record AlertMessage
{
    /// <summary>What Alertmanager writes for a time that is not there.</summary>
    internal const string NoTime = "0001-01-01T00:00:00Z";

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.Default,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    /// <summary>What nobody shows in a page needs no long escapes.</summary>
    private static readonly JsonSerializerOptions s_stored = new(s_json) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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

    public required IReadOnlyList<MessageAlert> Alerts { get; init; }

    /// <summary>What it is about; stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public MessageKind Kind { get; init; }

    /// <summary>What is said before the alerts, or null; stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }

    /// <summary>What a reader can do from within the message; stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MessageLinks? Links { get; init; }

    /// <summary>What is to be said of a group.</summary>
    public static AlertMessage Of(Notice notice, string externalUrl, Acknowledgements acks) => Of(
        notice.Group.Key, notice.Group.Labels, [.. notice.Alerts.Select(a => MessageAlert.Of(a, externalUrl, acks.Find(a)))], notice.Group.Route.Receiver, externalUrl) with
    {
        Kind = notice.Alerts.Any(a => a.IsFlapping) && notice.Alerts.All(a => a.IsFlapping || a.IsOver) ? MessageKind.Flapping : MessageKind.Alerts,
    };

    /// <summary>A message about some alerts.</summary>
    public static AlertMessage Of(string groupKey, Labels group, IReadOnlyList<MessageAlert> alerts, string receiver, string externalUrl) => new()
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

    /// <summary>As others read it.</summary>
    public string ToWebhookJson() => JsonSerializer.Serialize(ToPublic(), s_json);

    /// <summary>Without what is ours alone.</summary>
    public AlertMessage ToPublic() => this with { Kind = MessageKind.Alerts, Note = null, Links = null, Alerts = Alerts.Any(a => a.Source is not null) ? [.. Alerts.Select(a => a with { Source = null })] : Alerts };

    /// <summary>As we keep it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, s_stored);

    public static AlertMessage FromJson(string json) => JsonSerializer.Deserialize<AlertMessage>(json, s_json)!;

    /// <summary>The group as a short text, for systems that tell incidents apart by one.</summary>
    public string GroupId() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(GroupKey)));

    private static Dictionary<string, string> Common(IEnumerable<IReadOnlyDictionary<string, string>> maps)
    {
        Dictionary<string, string>? common = null;
        foreach (IReadOnlyDictionary<string, string> map in maps)
        {
            if (common is null)
            {
                common = new(map);
                continue;
            }
            foreach (string name in common.Where(p => !map.TryGetValue(p.Key, out string? value) || value != p.Value).Select(p => p.Key).ToList())
                common.Remove(name);
            if (common.Count == 0)
                break;
        }
        return common ?? [];
    }
}

/// <summary>Links that a message holds.</summary>
/// <param name="Acknowledge">Says that somebody is at it; signed, so that it works without a password. Null where nothing is to be acknowledged.</param>
/// <param name="Silence">Leads to the form of a silence.</param>
internal sealed record MessageLinks(string? Acknowledge, string? Silence)
{
    /// <summary>The links of a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="key">Its idempotency key.</param>
    /// <param name="links">Signs them.</param>
    public static MessageLinks Of(AlertMessage message, string key, SignedLinks links) => new(
        message.Status == "firing" ? $"{message.ExternalUrl}/acknowledge/{key}?{links.Sign($"acknowledge {key}")}" : null,
        message.CommonLabels.Count > 0 ? $"{message.ExternalUrl}/silences/new?filter={Uri.EscapeDataString(string.Join(',', message.CommonLabels.Select(l => $"{l.Key}={Labels.Quote(l.Value)}")))}" : null);
}

/// <summary>Where an alert comes from, for pictures and templates.</summary>
/// <param name="Rule">File, group and name of its rule.</param>
/// <param name="Series">Labels of its series, as JSON.</param>
/// <param name="Value">The value that was judged.</param>
/// <param name="Bound">The bound that it crossed.</param>
/// <param name="Since">First reading out of bounds, milliseconds since 1970 UTC.</param>
internal sealed record AlertSource(string Rule, string Series, double? Value, double? Bound, long Since);

/// <summary>One alert of a message.</summary>
internal sealed record MessageAlert
{
    public required string Status { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    public required string StartsAt { get; init; }

    public required string EndsAt { get; init; }

    [JsonPropertyName("generatorURL")]
    public required string GeneratorUrl { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary>Where it comes from; stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AlertSource? Source { get; init; }

    /// <summary>Whether its series is gone and nothing is known of it.</summary>
    [JsonIgnore]
    public bool IsSilent => Status == "firing" && Annotations.GetValueOrDefault("metricsd_state", "").StartsWith("no data", StringComparison.Ordinal);

    /// <summary>An alert as others are told it. "No data" and "expired" are said in the annotation <c>metricsd_state</c>.</summary>
    public static MessageAlert Of(RoutedAlert routed, string externalUrl, Acknowledgement? acknowledged = null)
    {
        (AlertInstance alert, AlertState before, long at) = (routed.Alert, routed.Before, routed.At);
        bool over = routed.IsOver;
        AlertState state = alert.State is AlertState.Inactive ? before : alert.State;
        AlertState known = state is AlertState.NoData { Before: var was } ? was : state;
        long startsAt = known switch
        {
            AlertState.Firing f => f.FiredAt,
            AlertState.Pending p => p.Since,
            _ => at,
        };
        var annotations = new Dictionary<string, string>(alert.Annotations);
        if (acknowledged is not null)
            annotations["metricsd_acknowledged"] = acknowledged.Comment.Length > 0 ? $"by {acknowledged.By}: {acknowledged.Comment}" : $"by {acknowledged.By}";
        if (routed.IsFlapping)
            annotations["metricsd_state"] = "flapping: the alert begins and ends again and again; you will be told when it is quiet";
        else if (alert.State is AlertState.NoData)
            annotations["metricsd_state"] = "no data: the series stopped while the alert was firing; whether it is over is not known";
        else if (alert.State is AlertState.Inactive { Reason: EndReason.Retired })
            annotations["metricsd_state"] = "retired: the rule, or what it watches, is no longer there; the alert was not seen to be over";
        else if (alert.State is AlertState.Inactive { Reason: EndReason.Expired })
            annotations["metricsd_state"] = "expired: nothing was heard of the series for so long that the alert is closed; it was not seen to be over";
        return new MessageAlert
        {
            Status = over ? "resolved" : "firing",
            Labels = alert.Labels.ToDictionary(l => l.Name, l => l.Value),
            Annotations = annotations,
            StartsAt = Time(startsAt),
            EndsAt = over ? Time(at) : NoTime,
            GeneratorUrl = alert.GeneratorUrl ?? $"{externalUrl}/alerts/{routed.Id:x32}",
            Fingerprint = alert.Labels.Fingerprint(),
            Source = new AlertSource(routed.Rule, LabelsJson.Write(alert.Series), Finite(alert.Value), Finite(alert.Bound), known is AlertState.Firing firing ? firing.Since : startsAt),
        };

        static string Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

        static double? Finite(double value) => double.IsFinite(value) ? value : null;
    }

    /// <inheritdoc cref="AlertMessage.NoTime"/>
    private const string NoTime = AlertMessage.NoTime;
}
