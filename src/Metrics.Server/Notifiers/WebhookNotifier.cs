using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>Posts a message as Alertmanager's webhook JSON, signed when there is a secret for it.</summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#webhook_config</remarks>
internal sealed record WebhookNotifier : Notifier
{
    public required Uri Url { get; init; }

    public required HttpAccess Access { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>Alerts in one message at most; 0 is any number.</summary>
    public required int MaxAlerts { get; init; }

    /// <summary>Key of the signature: header <c>X-Metricsd-Signature: t=SECONDS,v1=HEX</c>, HMAC-SHA256 of <c>SECONDS.BODY</c>.</summary>
    public Secret? HmacSecret { get; init; }

    public static WebhookNotifier Read(YamlSection section, NotifierDefaults defaults) => new()
    {
        Url = SecretUrl.Read(section, "url", null),
        Access = HttpAccess.Read(section.Section("http_config"), null) is { Credentials: null, Username: null } bare
            && section.Has("bearer_token") | section.Has("username")
            ? bare with { Credentials = Secret.Read(section, "bearer_token"), Username = Secret.Read(section, "username"),
                Password = Secret.Read(section, "password") }
            : HttpAccess.Read(section.Section("http_config"), defaults.Http),
        Timeout = section.Duration("timeout", TimeSpan.FromSeconds(10), min: TimeSpan.FromMilliseconds(100)),
        MaxAlerts = section.Number("max_alerts", 0),
        HmacSecret = Secret.Read(section, "hmac_secret"),
    };

    public override Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        AlertMessage sent = MaxAlerts > 0 && message.Alerts.Count > MaxAlerts
            ? message with { Alerts = [.. message.Alerts.Take(MaxAlerts)], TruncatedAlerts = message.Alerts.Count - MaxAlerts }
            : message;
        return PostAsync(sent.ToWebhookJson(), idempotencyKey, tools, ct);
    }

    /// <summary>It is kept in the form in which it is sent (<see cref="NotifierKind.IsBare"/>).</summary>
    public override Task<Delivery> SendStoredAsync(string stored, string idempotencyKey, NotifierTools tools, CancellationToken ct) =>
        MaxAlerts > 0 ? base.SendStoredAsync(stored, idempotencyKey, tools, ct) : PostAsync(stored, idempotencyKey, tools, ct);

    private Task<Delivery> PostAsync(string body, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        List<(string, string)> headers = [("Idempotency-Key", idempotencyKey)];
        if (HmacSecret is not null)
            headers.Add(("X-Metricsd-Signature", Sign(body, HmacSecret.Reveal(), tools.Time.GetUtcNow().ToUnixTimeSeconds())));
        return tools.Http.PostJsonAsync(Url, body, Access, Timeout, ct, headers);
    }

    internal static string Sign(string body, string secret, long seconds)
    {
        string t = seconds.ToString(CultureInfo.InvariantCulture);
        byte[] hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{t}.{body}"));
        return $"t={t},v1={Convert.ToHexStringLower(hash)}";
    }
}
