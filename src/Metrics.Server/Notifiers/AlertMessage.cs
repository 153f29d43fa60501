using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Notifiers;

/// <summary>What a message is about beside its alerts.</summary>
internal enum MessageKind
{
    /// <summary>Alerts of a group.</summary>
    Alerts,

    /// <summary>An alert that comes and goes; reported once until it is quiet.</summary>
    Flapping,

    /// <summary>Many alerts that began at once.</summary>
    Digest,

    /// <summary>A report, which is about no alert.</summary>
    Report,
}

/// <summary>How many alerts a message is about.</summary>
/// <param name="Firing">That fire.</param>
/// <param name="Resolved">That are over.</param>
internal sealed record AlertCounts(int Firing, int Resolved);

/// <summary>
/// A message about alerts. Its public form is Alertmanager's webhook JSON, version 4, so that existing receivers work; what is stored holds
/// a little more.
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

    /// <summary>When it was written, milliseconds since 1970 UTC; 0 is not known. Stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long At { get; init; }

    /// <summary>Of how many alerts beyond those that it shows; stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AlertCounts? Counts { get; init; }

    /// <summary>Where somebody says that they are at it, without a password; null where nothing is to be acknowledged. Ours, not
    /// Alertmanager's.</summary>
    [JsonPropertyName("ack_url")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AckUrl { get; init; }

    /// <summary>How many of its alerts fire, shown or not.</summary>
    [JsonIgnore]
    public int Firing => Counts?.Firing ?? Alerts.Count(a => a.Status == "firing");

    /// <summary>How many of its alerts are over, shown or not.</summary>
    [JsonIgnore]
    public int Resolved => Counts?.Resolved ?? Alerts.Count(a => a.Status != "firing");

    /// <summary>Its alerts in the order in which they are to be looked at: what fires, by severity, the oldest first.</summary>
    [JsonIgnore]
    public IEnumerable<MessageAlert> WorstFirst => Alerts
        .OrderBy(a => a.Status == "firing" ? 0 : 1)
        .ThenByDescending(a => SeverityRank.Of(a.Labels.GetValueOrDefault(SeverityRank.Label)))
        .ThenBy(a => a.Source?.Since ?? 0);

    /// <summary>What is said in place of alerts, or null; stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReportText? Report { get; init; }

    /// <summary>What a reader can do from within the message; stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MessageLinks? Links { get; init; }

    /// <summary>A message about some alerts.</summary>
    public static AlertMessage Of(
        string groupKey, Labels group, IReadOnlyList<MessageAlert> alerts, string receiver, string externalUrl) => new()
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

    /// <summary>A message that is a report.</summary>
    public static AlertMessage Of(ReportText report, string name, string receiver, string externalUrl) =>
        Of($"report/{name}", Labels.Empty, [], receiver, externalUrl) with { Kind = MessageKind.Report, Report = report };

    /// <summary>As others read it.</summary>
    public string ToWebhookJson() => JsonSerializer.Serialize(ToPublic(), s_json);

    /// <summary>Without what is ours alone.</summary>
    public AlertMessage ToPublic() => this with
    {
        Kind = MessageKind.Alerts,
        Note = null,
        Report = null,
        AckUrl = Links?.Acknowledge ?? AckUrl,
        Links = null,
        At = 0,
        Counts = null,
        Alerts = Alerts.Any(a => a.Source is not null) ? [.. Alerts.Select(a => a with { Source = null })] : Alerts,
    };

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
            foreach ((string name, string value) in common)
            {
                // A dictionary may lose entries while it is looked through.
                if (map.GetValueOrDefault(name) != value)
                    common.Remove(name);
            }
            if (common.Count == 0)
                break;
        }
        return common ?? [];
    }
}
