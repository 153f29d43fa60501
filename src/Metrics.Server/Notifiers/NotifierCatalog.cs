using Metrics.Model;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>A kind of notifier.</summary>
/// <param name="Name">As it stands in the names of integrations, <c>ops/slack/0</c>, and in metrics.</param>
/// <param name="Section">Key of its list in a receiver.</param>
/// <param name="SendsResolved">Whether the end of alerts is reported when <c>send_resolved</c> is not given; Alertmanager's default of each
/// kind.</param>
/// <param name="Read">Reads an entry.</param>
/// <param name="IsForPeople">Whether people read each message, so that a storm of them becomes a digest.</param>
/// <param name="IsBare">Whether it passes on the public form of a message and nothing else need be kept of it.</param>
internal sealed record NotifierKind(
    string Name, string Section, bool SendsResolved, Func<YamlSection, NotifierDefaults, Notifier> Read, bool IsForPeople = false,
    bool IsBare = false);

/// <summary>All kinds of notifiers.</summary>
internal static class NotifierCatalog
{
    public static IReadOnlyList<NotifierKind> All { get; } =
    [
        // Alertmanager's default for mail is false; a thread that never ends serves nobody.
        new("email", "email_configs", true, EmailNotifier.Read, IsForPeople: true),
        new("webhook", "webhook_configs", true, WebhookNotifier.Read, IsBare: true),
        new("slack", "slack_configs", true, SlackNotifier.Read, IsForPeople: true),
        new("msteams", "msteams_configs", true, TeamsNotifier.ReadCard, IsForPeople: true),
        new("msteamsv2", "msteamsv2_configs", true, TeamsNotifier.ReadAdaptive, IsForPeople: true),
        new("pagerduty", "pagerduty_configs", true, PagerDutyNotifier.Read),
        new("opsgenie", "opsgenie_configs", true, OpsgenieNotifier.Read),
        new("http", "http_configs", true, HttpNotifier.Read, IsForPeople: true),
        new("syslog", "syslog_configs", true, SyslogNotifier.Read),
        new("command", "command_configs", true, CommandNotifier.Read),
    ];

    /// <summary>The notifiers of a receiver with the names of their integrations, in the order of the catalogue.</summary>
    public static IReadOnlyList<NamedNotifier> Read(YamlSection receiver, string name, NotifierDefaults defaults)
    {
        var all = new List<NamedNotifier>();
        foreach (NotifierKind kind in All)
        {
            IReadOnlyList<YamlSection> entries = receiver.Sections(kind.Section);
            for (int i = 0; i < entries.Count; i++)
            {
                bool sendsResolved = entries[i].Flag("send_resolved", kind.SendsResolved);
                Notifier notifier = kind.Read(entries[i], defaults) with { SendResolved = sendsResolved };
                all.Add(new NamedNotifier(new IntegrationId(name, kind.Name, i), kind, notifier));
                entries[i].Finish();
            }
        }
        return all;
    }
}

/// <summary>A notifier and the name of its integration.</summary>
/// <param name="Id">As <c>ops/email/0</c>.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Notifier">The notifier.</param>
internal sealed record NamedNotifier(IntegrationId Id, NotifierKind Kind, Notifier Notifier);
