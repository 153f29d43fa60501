using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>
/// One way of a receiver to reach somebody, as the configuration describes it. A kind is one file with a record like this and one line in
/// <see cref="NotifierCatalog"/>.
/// </summary>
internal abstract record Notifier
{
    /// <summary>Whether it is told of the end of alerts too.</summary>
    public bool SendResolved { get; init; } = true;

    /// <summary>Sends once; pauses and further tries are the outbox's business.</summary>
    /// <param name="message">What is to be said.</param>
    /// <param name="idempotencyKey">The same at each try of this message.</param>
    /// <param name="tools">Connections and the clock.</param>
    /// <param name="ct">We stop.</param>
    public abstract Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct);

    /// <summary>Sends a message as it is kept; for those who need not read it to pass it on.</summary>
    public virtual Task<Delivery> SendStoredAsync(string stored, string idempotencyKey, NotifierTools tools, CancellationToken ct) =>
        SendAsync(AlertMessage.FromJson(stored), idempotencyKey, tools, ct);
}

/// <summary>What all notifiers of a configuration share: the section <c>global</c>, in Alertmanager's words.</summary>
/// <param name="Section">The section, for the keys of each kind.</param>
/// <param name="Http">How HTTP endpoints are reached where a receiver says nothing of its own.</param>
internal sealed record NotifierDefaults(YamlSection Section, HttpAccess Http)
{
    /// <summary>What may stand there; each kind takes what it knows, and what no receiver needs does no harm.</summary>
    private static readonly string[] s_known =
    [
        "smtp_from", "smtp_smarthost", "smtp_hello", "smtp_auth_username", "smtp_auth_password", "smtp_auth_password_file",
            "smtp_auth_identity", "smtp_auth_secret",
        "smtp_require_tls", "slack_api_url", "slack_api_url_file", "pagerduty_url", "opsgenie_api_url", "opsgenie_api_key",
            "opsgenie_api_key_file",
    ];

    /// <summary>For how long an alert that others send holds, where they do not say. Default 5 min.</summary>
    public required TimeSpan ResolveTimeout { get; init; }

    /// <summary>What texts of receivers may use by name.</summary>
    public required MessageTemplates Templates { get; init; }

    public static NotifierDefaults Read(YamlSection section, MessageTemplates templates)
    {
        foreach (string known in s_known)
            _ = section.Value(known);
        return new NotifierDefaults(section, HttpAccess.Read(section.Section("http_config"), null))
        {
            Templates = templates,
            ResolveTimeout = section.Duration("resolve_timeout", TimeSpan.FromMinutes(5), min: TimeSpan.FromSeconds(1)),
        };
    }
}

/// <summary>What notifiers work with.</summary>
/// <param name="http">Connections.</param>
/// <param name="pictures">Draws what an alert is about.</param>
/// <param name="time">The clock.</param>
internal sealed class NotifierTools(HttpSender http, IAlertPictures pictures, TimeProvider time)
{
    public HttpSender Http => http;

    public IAlertPictures Pictures => pictures;

    public TimeProvider Time => time;
}

/// <summary>Draws the metric of an alert; a seam, since drawing needs the rules and the store.</summary>
internal interface IAlertPictures
{
    /// <summary>A PNG of the value crossing its threshold, or null when there is nothing to draw.</summary>
    Task<byte[]?> DrawAsync(AlertSource alert, long until, CancellationToken ct);
}
