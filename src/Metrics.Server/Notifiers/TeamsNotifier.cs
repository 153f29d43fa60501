using System.Text;
using System.Text.Json.Nodes;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>Posts to Microsoft Teams: a message card for its connectors, an adaptive card for its workflows.</summary>
/// <remarks>https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using</remarks>
internal sealed record TeamsNotifier : Notifier
{
    public required Uri Url { get; init; }

    public required HttpAccess Access { get; init; }

    public required bool IsAdaptive { get; init; }

    public MessageTemplate? Title { get; init; }

    public MessageTemplate? Text { get; init; }

    /// <summary>What a card says in a list of messages; its title by default.</summary>
    public MessageTemplate? Summary { get; init; }

    public static TeamsNotifier ReadCard(YamlSection section, NotifierDefaults defaults) => Read(section, defaults, false);

    public static TeamsNotifier ReadAdaptive(YamlSection section, NotifierDefaults defaults) => Read(section, defaults, true);

    public override Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        string title = MessageTemplate.Title(Title, message, Escape, tools.Time);
        string text = MessageTemplate.Body(
            Text, message, plain => Escape(plain).Replace("\n", "\n\n", StringComparison.Ordinal), tools.Time);
        JsonObject body = IsAdaptive
            ? Adaptive(message, title, text)
            : Card(message, title, text, Summary?.Value(message, Escape, tools.Time) ?? title);
        return tools.Http.PostJsonAsync(Url, body.ToJsonString(), Access, TimeSpan.FromSeconds(10), ct);
    }

    private static TeamsNotifier Read(YamlSection section, NotifierDefaults defaults, bool adaptive) => new()
    {
        Url = SecretUrl.Read(section, "webhook_url", null),
        Access = HttpAccess.Read(section.Section("http_config"), defaults.Http),
        IsAdaptive = adaptive,
        Title = MessageTemplate.Read(section, "title", defaults.Templates),
        Text = MessageTemplate.Read(section, "text", defaults.Templates),
        Summary = adaptive ? null : MessageTemplate.Read(section, "summary", defaults.Templates),
    };

    private static JsonObject Card(AlertMessage message, string title, string text, string summary) => new()
    {
        ["@context"] = "http://schema.org/extensions",
        ["@type"] = "MessageCard",
        ["title"] = title,
        ["summary"] = summary,
        ["text"] = text,
        ["themeColor"] = message.Status == "firing" ? "8C1A1A" : "2DC72D",
    };

    private static JsonObject Adaptive(AlertMessage message, string title, string text) => new()
    {
        ["type"] = "message",
        ["attachments"] = new JsonArray(new JsonObject
        {
            ["contentType"] = "application/vnd.microsoft.card.adaptive",
            ["contentUrl"] = null,
            ["content"] = new JsonObject
            {
                ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
                ["type"] = "AdaptiveCard",
                ["version"] = "1.4",
                ["body"] = new JsonArray(
                    new JsonObject { ["type"] = "TextBlock", ["text"] = title, ["weight"] = "bolder", ["size"] = "medium", ["wrap"] = true,
                        ["color"] = message.Status == "firing" ? "attention" : "good" },
                    new JsonObject { ["type"] = "TextBlock", ["text"] = text, ["wrap"] = true }),
                ["actions"] =
                    new JsonArray(
                        [.. MessageText.Links(message)
                        .Select(l => new JsonObject { ["type"] = "Action.OpenUrl", ["title"] = l.What, ["url"] = l.Url })]),
            },
        }),
    };

    /// <summary>Cards read Markdown and some HTML: what labels hold must not become a link.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (char c in text)
        {
            if (c is '\\' or '[' or ']' or '(' or ')' or '*' or '_' or '`' or '#' or '!' or '~')
                escaped.Append('\\').Append(c);
            else
                escaped.Append(c switch { '<' => "&lt;", '>' => "&gt;", '&' => "&amp;", _ => c.ToString() });
        }
        return escaped.ToString();
    }
}
