using System.Text.Json.Nodes;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>Posts to Slack, or to whatever takes Slack's incoming webhooks (Mattermost, Rocket.Chat, Discord's <c>/slack</c>).</summary>
/// <remarks>
/// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks ;
/// https://docs.slack.dev/messaging/formatting-message-text#escaping
/// </remarks>
internal sealed record SlackNotifier : Notifier
{
    public required Uri Url { get; init; }

    public required HttpAccess Access { get; init; }

    public string? Channel { get; init; }

    public required string Username { get; init; }

    public string? IconEmoji { get; init; }

    public MessageTemplate? Title { get; init; }

    public MessageTemplate? Text { get; init; }

    public static SlackNotifier Read(YamlSection section, NotifierDefaults defaults) => new()
    {
        Url = SecretUrl.Read(section, "api_url", Secret.Read(defaults.Section, "slack_api_url")),
        Access = HttpAccess.Read(section.Section("http_config"), defaults.Http),
        Channel = section.Text("channel"),
        Username = section.Text("username", "metricsd"),
        IconEmoji = section.Text("icon_emoji"),
        Title = MessageTemplate.Read(section, "title", defaults.Templates),
        Text = MessageTemplate.Read(section, "text", defaults.Templates),
    };

    public override Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        string title = MessageTemplate.Title(Title, message, Escape, tools.Time);
        var body = new JsonObject
        {
            ["username"] = Username,
            ["attachments"] = new JsonArray(new JsonObject
            {
                ["title"] = title,
                ["title_link"] = message.Links?.Acknowledge ?? $"{message.ExternalUrl}/alerts",
                ["text"] = MessageTemplate.Body(Text, message, Escape, tools.Time),
                ["fallback"] = title,
                ["color"] = message.Status == "firing" ? "danger" : "good",
                // Our text is taken as it is: what labels hold must not become markup. Go's texts are written with Slack's in mind.
                ["mrkdwn_in"] = Text?.IsGo == true ? new JsonArray("fallback", "pretext", "text") : new JsonArray(),
            }),
        };
        if (Channel is not null)
            body["channel"] = Channel;
        if (IconEmoji is not null)
            body["icon_emoji"] = IconEmoji;
        return tools.Http.PostJsonAsync(Url, body.ToJsonString(), Access, TimeSpan.FromSeconds(10), ct);
    }

    /// <summary>The three characters that make links and mentions.</summary>
    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
}
