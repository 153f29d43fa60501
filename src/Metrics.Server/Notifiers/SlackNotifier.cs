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

    public MessageTemplate? Channel { get; init; }

    public MessageTemplate? Username { get; init; }

    public MessageTemplate? IconEmoji { get; init; }

    public MessageTemplate? IconUrl { get; init; }

    /// <summary>Whether Slack makes links of names and channels. Default false.</summary>
    public required bool LinkNames { get; init; }

    /// <summary>What Slack reads as markup; null is nothing of ours, and what Alertmanager has where the text is Go's.</summary>
    public IReadOnlyList<string>? MarkupIn { get; init; }

    public required SlackPart Attachment { get; init; }

    public required IReadOnlyList<SlackPart> Fields { get; init; }

    public required IReadOnlyList<SlackPart> Actions { get; init; }

    public MessageTemplate? Title { get; init; }

    public MessageTemplate? Text { get; init; }

    public static SlackNotifier Read(YamlSection section, NotifierDefaults defaults) => new()
    {
        Url = SecretUrl.Read(section, "api_url", Secret.Read(defaults.Section, "slack_api_url")),
        Access = HttpAccess.Read(section.Section("http_config"), defaults.Http),
        Channel = MessageTemplate.Read(section, "channel", defaults.Templates),
        Username = MessageTemplate.Read(section, "username", defaults.Templates),
        IconEmoji = MessageTemplate.Read(section, "icon_emoji", defaults.Templates),
        IconUrl = MessageTemplate.Read(section, "icon_url", defaults.Templates),
        LinkNames = section.Flag("link_names", false),
        MarkupIn = section.Has("mrkdwn_in") ? section.Texts("mrkdwn_in") : null,
        Attachment = SlackPart.OfAttachment(section, defaults),
        Fields = SlackPart.Fields(section, defaults),
        Actions = SlackPart.Actions(section, defaults),
        Title = MessageTemplate.Read(section, "title", defaults.Templates),
        Text = MessageTemplate.Read(section, "text", defaults.Templates),
    };

    public override Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        string title = MessageTemplate.Title(Title, message, Escape, tools.Time);
        var attachment = new JsonObject
        {
            ["title"] = title,
            ["title_link"] = message.Links?.Acknowledge ?? $"{message.ExternalUrl}/alerts",
            ["text"] = MessageTemplate.Body(Text, message, Escape, tools.Time),
            ["fallback"] = title,
            ["color"] = message.Status == "firing" ? "danger" : "good",
            // Our text is taken as it is: what labels hold must not become markup. Go's texts are written with Slack's in mind.
            ["mrkdwn_in"] = new JsonArray([.. MarkupIn ?? (Text?.IsGo == true ? ["fallback", "pretext", "text"] : [])]),
        };
        Attachment.AddTo(attachment, message, Escape, tools.Time);
        if (Fields.Count > 0)
            attachment["fields"] = new JsonArray([.. Fields.Select(f => f.AddTo([], message, Escape, tools.Time))]);
        if (Actions.Count > 0)
            attachment["actions"] = new JsonArray([.. Actions.Select(a => a.AddTo([], message, Escape, tools.Time))]);
        var body = new JsonObject
        {
            ["username"] = Username?.Value(message, Escape, tools.Time) ?? "metricsd",
            ["attachments"] = new JsonArray(attachment),
        };
        (string, MessageTemplate?)[] looks = [("channel", Channel), ("icon_emoji", IconEmoji), ("icon_url", IconUrl)];
        foreach ((string name, MessageTemplate? template) in looks)
        {
            if (template?.Value(message, text => text, tools.Time) is { Length: > 0 } value)
                body[name] = value;
        }
        if (LinkNames)
            body["link_names"] = true;
        return tools.Http.PostJsonAsync(Url, body.ToJsonString(), Access, TimeSpan.FromSeconds(10), ct);
    }

    /// <summary>The three characters that make links and mentions.</summary>
    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
}
