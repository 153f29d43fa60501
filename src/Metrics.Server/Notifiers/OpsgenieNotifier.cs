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

    public required Uri Url { get; init; }

    public required HttpAccess Access { get; init; }

    public required Secret ApiKey { get; init; }

    public MessageTemplate? Message { get; init; }

    public MessageTemplate? Description { get; init; }

    public required string? Priority { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required IReadOnlyList<(string Type, string Name)> Responders { get; init; }

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
            Priority = section.Has("priority") ? section.Choice("priority", "P3", "P1", "P2", "P3", "P4", "P5") : null,
            Tags = [.. (section.Text("tags") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
            Responders = [.. section.Sections("responders").Select(ReadResponder)],
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
        var body = new JsonObject
        {
            ["alias"] = message.GroupId(),
            ["message"] = Cut(MessageTemplate.Title(Message, message, text => text, tools.Time), LongestMessage),
            ["description"] =
                Cut(Description?.Render(message, MessageText.Plain, tools.Time) ?? MessageText.Plain(message), LongestDescription),
            ["source"] = "metricsd",
            ["details"] = new JsonObject(message.CommonLabels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))),
            ["tags"] = new JsonArray([.. Tags.Select(t => (JsonNode)t)]),
            ["responders"] = new JsonArray(
                [.. Responders.Select(r => new JsonObject { ["type"] = r.Type, [r.Type == "user" ? "username" : "name"] = r.Name })]),
        };
        if (Priority is not null)
            body["priority"] = Priority;
        return tools.Http.PostJsonAsync(new Uri($"{root}/v2/alerts"), body.ToJsonString(), Access, TimeSpan.FromSeconds(20), ct, [key]);
    }

    private static (string Type, string Name) ReadResponder(YamlSection section)
    {
        string name = section.Text("name") ?? section.Text("username") ?? section.Text("id") ?? "";
        if (name.Length == 0)
            section.Report("name", "is required");
        string type = section.Choice("type", "team", "team", "user", "escalation", "schedule");
        section.Finish();
        return (type, name);
    }

    private static string Cut(string text, int longest) => text.Length <= longest ? text : text[..(longest - 1)] + "…";
}
