using System.Text.Json.Nodes;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>One Opsgenie alert a group of alerts.</summary>
/// <remarks>https://docs.opsgenie.com/docs/alert-api</remarks>
internal sealed record OpsgenieNotifier : Notifier
{
    private const int LongestMessage = 130;
    private const int LongestDescription = 15_000;

    private static readonly string[] s_priorities = ["P1", "P2", "P3", "P4", "P5"];

    public required Uri Url { get; init; }

    public required HttpAccess Access { get; init; }

    public required Secret ApiKey { get; init; }

    public MessageTemplate? Message { get; init; }

    public MessageTemplate? Description { get; init; }

    /// <summary>From P1 to P5; what is none of them is left out.</summary>
    public MessageTemplate? Priority { get; init; }

    /// <summary>Separated by commas.</summary>
    public MessageTemplate? Tags { get; init; }

    /// <summary>Separated by commas.</summary>
    public MessageTemplate? Actions { get; init; }

    public MessageTemplate? Source { get; init; }

    public MessageTemplate? Note { get; init; }

    public MessageTemplate? Entity { get; init; }

    /// <summary>What stands in the details beside the labels.</summary>
    public required IReadOnlyList<(string Name, MessageTemplate Value)> Details { get; init; }

    /// <summary>By kind, key (<c>name</c>, <c>username</c> or <c>id</c>) and value; one whose value is empty is left out.</summary>
    public required IReadOnlyList<(string Type, string Key, MessageTemplate Value)> Responders { get; init; }

    public static OpsgenieNotifier Read(YamlSection section, NotifierDefaults defaults)
    {
        Secret? key = Secret.Read(section, "api_key") ?? Secret.Read(defaults.Section, "opsgenie_api_key");
        if (key is null)
            section.Report("api_key", "is required");
        return new OpsgenieNotifier
        {
            Url = SecretUrl.Read(
                section, "api_url", Secret.FromValue(defaults.Section.Text("opsgenie_api_url", "https://api.opsgenie.com/"))),
            Access = HttpAccess.Read(section.Section("http_config"), defaults.Http),
            ApiKey = key ?? Secret.FromValue(""),
            Message = MessageTemplate.Read(section, "message", defaults.Templates),
            Description = MessageTemplate.Read(section, "description", defaults.Templates),
            Priority = ReadPriority(section, defaults),
            Tags = MessageTemplate.Read(section, "tags", defaults.Templates),
            Actions = MessageTemplate.Read(section, "actions", defaults.Templates),
            Source = MessageTemplate.Read(section, "source", defaults.Templates),
            Note = MessageTemplate.Read(section, "note", defaults.Templates),
            Entity = MessageTemplate.Read(section, "entity", defaults.Templates),
            Details = MessageTemplate.ReadAll(section.Section("details"), defaults.Templates),
            Responders = [.. section.Sections("responders").SelectMany(r => ReadResponder(r, defaults.Templates))],
        };
    }

    public override Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        (string, string) key = ("Authorization", $"GenieKey {ApiKey.Reveal()}");
        string root = Url.ToString().TrimEnd('/');
        if (message.Status == "resolved")
            return tools.Http.PostJsonAsync(
                new Uri($"{root}/v2/alerts/{message.GroupId()}/close?identifierType=alias"),
                new JsonObject { ["source"] = "metricsd" }.ToJsonString(), Access, TimeSpan.FromSeconds(20), ct, [key]);
        string title = MessageTemplate.Title(Message, message, text => text, tools.Time);
        string? Of(MessageTemplate? template) =>
            template?.Value(message, text => text, tools.Time) is { } said && !string.IsNullOrWhiteSpace(said) ? said : null;
        var details = new JsonObject(message.CommonLabels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value)));
        foreach ((string name, MessageTemplate value) in Details)
            details[name] = Of(value);
        var body = new JsonObject
        {
            ["alias"] = message.GroupId(),
            ["message"] = Cut(string.IsNullOrWhiteSpace(title) ? MessageText.Title(message) : title, LongestMessage),
            ["description"] =
                Cut(Description?.Render(message, MessageText.Plain, tools.Time) ?? MessageText.Plain(message), LongestDescription),
            ["source"] = Of(Source) ?? "metricsd",
            ["details"] = details,
            ["tags"] = List(Of(Tags)),
            ["responders"] = new JsonArray(
            [
                .. Responders.Select(r => (r.Type, r.Key, Value: Of(r.Value))).Where(r => !string.IsNullOrWhiteSpace(r.Value))
                    .Select(r => new JsonObject { ["type"] = r.Type, [r.Key] = r.Value }),
            ]),
        };
        if (Of(Priority)?.Trim() is { } priority && s_priorities.Contains(priority))
            body["priority"] = priority;
        if (Actions is not null)
            body["actions"] = List(Of(Actions));
        foreach ((string name, MessageTemplate? template) in new[] { ("note", Note), ("entity", Entity) })
        {
            if (Of(template) is { Length: > 0 } value)
                body[name] = value;
        }
        return tools.Http.PostJsonAsync(new Uri($"{root}/v2/alerts"), body.ToJsonString(), Access, TimeSpan.FromSeconds(20), ct, [key]);
    }

    private static JsonArray List(string? text) =>
        [.. (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>One that is no template is known now, and so is whether it is right.</summary>
    private static MessageTemplate? ReadPriority(YamlSection section, NotifierDefaults defaults)
    {
        if (section.Text("priority")?.Contains("{{", StringComparison.Ordinal) == false)
            _ = section.Choice("priority", "P3", s_priorities);
        return MessageTemplate.Read(section, "priority", defaults.Templates);
    }

    private static IEnumerable<(string Type, string Key, MessageTemplate Value)> ReadResponder(
        YamlSection section, MessageTemplates templates)
    {
        string type = section.Choice("type", "team", "team", "user", "escalation", "schedule");
        // A user's name is his address there, and stands under either key here.
        (string Key, MessageTemplate? Value)[] given =
        [
            (type == "user" ? "username" : "name", MessageTemplate.Read(section, "name", templates)),
            ("username", MessageTemplate.Read(section, "username", templates)), ("id", MessageTemplate.Read(section, "id", templates)),
        ];
        (string key, MessageTemplate? value) = given.FirstOrDefault(g => g.Value is not null);
        if (value is null)
            section.Report("name", "is required");
        section.Finish();
        if (value is not null)
            yield return (type, key, value);
    }

    private static string Cut(string text, int longest) => text.Length <= longest ? text : text[..(longest - 1)] + "…";
}
