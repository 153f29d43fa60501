using System.Text.Json.Nodes;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>One PagerDuty incident a group of alerts, by Events API v2.</summary>
/// <remarks>https://developer.pagerduty.com/docs/send-alert-event</remarks>
internal sealed record PagerDutyNotifier : Notifier
{
    private const int LongestSummary = 1024;

    public required Uri Url { get; init; }

    public required HttpAccess Access { get; init; }

    public required Secret RoutingKey { get; init; }

    public MessageTemplate? Description { get; init; }

    public MessageTemplate? Client { get; init; }

    public MessageTemplate? ClientUrl { get; init; }

    public MessageTemplate? Source { get; init; }

    public MessageTemplate? Component { get; init; }

    public MessageTemplate? Group { get; init; }

    public MessageTemplate? Class { get; init; }

    /// <summary>What stands in the details beside ours.</summary>
    public required IReadOnlyList<(string Name, MessageTemplate Value)> Details { get; init; }

    /// <summary>Template of the severity; by default the label <c>severity</c>, when it is one that PagerDuty knows.</summary>
    public MessageTemplate? Severity { get; init; }

    public static PagerDutyNotifier Read(YamlSection section, NotifierDefaults defaults)
    {
        Secret? key = Secret.Read(section, "routing_key");
        if (key is null)
            section.Report("routing_key",
                section.Has("service_key")
                ? "is required: the key of an Events API v2 integration (service_key belongs to v1)"
                : "is required");
        else if (section.Text("routing_key")?.Contains("{{", StringComparison.Ordinal) == true)
            section.Report("routing_key", "holds a template, and is none: a receiver has one key");
        _ = section.Text("service_key");
        return new PagerDutyNotifier
        {
            Url = SecretUrl.Read(
                section, "url", Secret.FromValue(defaults.Section.Text("pagerduty_url", "https://events.pagerduty.com/v2/enqueue"))),
            Access = HttpAccess.Read(section.Section("http_config"), defaults.Http),
            RoutingKey = key ?? Secret.FromValue(""),
            Description = MessageTemplate.Read(section, "description", defaults.Templates),
            Severity = MessageTemplate.Read(section, "severity", defaults.Templates),
            Client = MessageTemplate.Read(section, "client", defaults.Templates),
            ClientUrl = MessageTemplate.Read(section, "client_url", defaults.Templates),
            Source = MessageTemplate.Read(section, "source", defaults.Templates),
            Component = MessageTemplate.Read(section, "component", defaults.Templates),
            Group = MessageTemplate.Read(section, "group", defaults.Templates),
            Class = MessageTemplate.Read(section, "class", defaults.Templates),
            Details = MessageTemplate.ReadAll(section.Section("details"), defaults.Templates),
        };
    }

    public override Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        string summary = MessageTemplate.Title(Description, message, text => text, tools.Time);
        if (string.IsNullOrWhiteSpace(summary))
            summary = MessageText.Title(message);
        string? Of(MessageTemplate? template) =>
            template?.Value(message, text => text, tools.Time) is { } said && !string.IsNullOrWhiteSpace(said) ? said : null;
        var details = new JsonObject
        {
            ["alerts"] = MessageText.Plain(message),
            ["num_firing"] = message.Firing,
            ["num_resolved"] = message.Resolved,
        };
        foreach ((string name, MessageTemplate value) in Details)
            details[name] = Of(value);
        var payload = new JsonObject
        {
            ["summary"] = summary.Length <= LongestSummary ? summary : summary[..LongestSummary],
            ["source"] = Of(Source) ?? message.CommonLabels.GetValueOrDefault("instance")
                ?? message.CommonLabels.GetValueOrDefault("host") ?? "metricsd",
            ["severity"] = SeverityOf(
                Severity?.Render(message, _ => "error", tools.Time) ?? message.CommonLabels.GetValueOrDefault("severity", "error")),
            ["component"] = Of(Component) ?? message.CommonLabels.GetValueOrDefault("alertname"),
            ["custom_details"] = details,
        };
        if (Of(Group) is { Length: > 0 } group)
            payload["group"] = group;
        if (Of(Class) is { Length: > 0 } kind)
            payload["class"] = kind;
        var body = new JsonObject
        {
            ["routing_key"] = RoutingKey.Reveal(),
            ["event_action"] = message.Status == "firing" ? "trigger" : "resolve",
            ["dedup_key"] = message.GroupId(),
            ["client"] = Of(Client) ?? "metricsd",
            ["client_url"] = Of(ClientUrl) ?? $"{message.ExternalUrl}/alerts",
            ["payload"] = payload,
            ["links"] = new JsonArray([.. MessageText.Links(message).Select(l => new JsonObject { ["href"] = l.Url, ["text"] = l.What })]),
        };
        return tools.Http.PostJsonAsync(Url, body.ToJsonString(), Access, TimeSpan.FromSeconds(20), ct);
    }

    private static string SeverityOf(string text) => text.Trim().ToLowerInvariant() switch
    {
        "critical" or "page" or "emergency" => "critical",
        "warning" or "warn" => "warning",
        "info" or "none" or "debug" => "info",
        _ => "error",
    };
}
