using System.Text;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>
/// Any other HTTP endpoint: method, address, headers and body are given, the texts as templates. Enough for ntfy, Matrix, Telegram, Gotify
/// and an own service. In the address <c>{key}</c> stands for the idempotency key, as Matrix wants it.
/// </summary>
internal sealed record HttpNotifier : Notifier
{
    public required string Url { get; init; }

    public required HttpMethod Method { get; init; }

    public required HttpAccess Access { get; init; }

    public required IReadOnlyList<(string Name, MessageTemplate Value)> Headers { get; init; }

    public required string ContentType { get; init; }

    /// <summary>Template of the body; the plain text by default. In JSON, texts are put in by <c>{{ text | object.to_json }}</c>.</summary>
    public MessageTemplate? Body { get; init; }

    public static HttpNotifier Read(YamlSection section, NotifierDefaults defaults)
    {
        var notifier = new HttpNotifier
        {
            Url = SecretUrl.Read(section, "url", null).OriginalString,
            Method = new HttpMethod(section.Choice("method", "POST", "POST", "PUT", "PATCH")),
            Access = HttpAccess.Read(section.Section("http_config"), defaults.Http),
            Headers = MessageTemplate.ReadAll(section.Section("headers"), defaults.Templates),
            ContentType = section.Text("content_type", "text/plain"),
            Body = MessageTemplate.Read(section, "body", defaults.Templates),
        };
        if (!System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(notifier.ContentType, out _))
            section.Report("content_type", $"is '{notifier.ContentType}'; it must be a media type such as application/json");
        return notifier;
    }

    public override Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        string body = Body?.Render(message, MessageText.Plain, tools.Time) ?? MessageText.Plain(message);
        var url =
            new Uri(Url.Replace("{key}", idempotencyKey, StringComparison.Ordinal)
                .Replace("%7Bkey%7D", idempotencyKey, StringComparison.OrdinalIgnoreCase));
        return tools.Http.SendAsync(
            () => new HttpRequestMessage(Method, url) { Content = new StringContent(body, Encoding.UTF8, ContentType) }, Access,
                TimeSpan.FromSeconds(10), ct,
            // A label's line break must not become a header.
            [("Idempotency-Key", idempotencyKey),
                .. Headers.Select(h => (h.Name, HeaderText(h.Value.Render(message, MessageText.Title, tools.Time))))]);
    }

    /// <summary>One line; what is not ASCII is encoded as RFC 2047 has it, which ntfy and mail gateways read.</summary>
    private static string HeaderText(string text)
    {
        string line = MessageText.OneLine(text);
        return Ascii.IsValid(line) ? line : $"=?UTF-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(line))}?=";
    }
}
