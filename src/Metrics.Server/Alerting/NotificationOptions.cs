using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;
using Metrics.Text;

namespace Metrics.Alerting;

/// <summary>Who is notified of alerts.</summary>
/// <param name="Receivers">Those who can be notified.</param>
/// <param name="Routing">Who is notified of what.</param>
/// <param name="ExternalUrl">The address under which people reach us.</param>
internal sealed record NotificationOptions(IReadOnlyList<ReceiverOptions> Receivers, RoutingOptions Routing, string ExternalUrl)
{
    /// <summary>The keys at the top of the file that this is read from.</summary>
    private static readonly string[] s_keys =
    [
        "global", "receivers", "external_url", "alerting", "heartbeat", "route", "inhibit_rules", "time_intervals", "mute_time_intervals",
        "dependencies", "failure_receiver", "maintenance", "flapping", "storm", MessageTemplates.Key,
    ];

    private readonly Dictionary<IntegrationId, NamedNotifier> _byId = Receivers.SelectMany(r => r.Notifiers).ToDictionary(n => n.Id);

    /// <summary>What it was read from: as long as that stays, a reload keeps what was read, and so connections and access tokens.</summary>
    public required SectionId Id { get; init; }

    /// <summary>Alertmanagers that get every alert of our rules.</summary>
    public IReadOnlyList<AlertmanagerOptions> Alertmanagers { get; init; } = [];

    /// <summary>Labels that those outside see on all that comes from here, where it has none of that name.</summary>
    public Labels ExternalLabels { get; init; } = Labels.Empty;

    /// <summary>What alerts are made to look like for Alertmanagers: <c>alerting.alert_relabel_configs</c>.</summary>
    public IReadOnlyList<RelabelRule> AlertRelabel { get; init; } = [];

    /// <summary>The dead man's switch; null is none.</summary>
    public HeartbeatOptions? Heartbeat { get; init; }

    /// <summary>For how long an alert that others send holds, where they do not say.</summary>
    public TimeSpan ResolveTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What the dispatcher goes by.</summary>
    public DispatchPlan Plan { get; } = new(Routing, [.. Receivers.Select(r => r.ToRouting())]);

    public static NotificationOptions Read(YamlSection top)
    {
        var receivers = new List<ReceiverOptions>();
        var templates = MessageTemplates.Read(top);
        var defaults = NotifierDefaults.Read(top.Section("global"), templates);
        foreach (YamlSection section in top.Sections("receivers"))
        {
            string name = section.RequiredText("name");
            if (receivers.Exists(r => r.Name == name))
            {
                section.Report("name", $"is '{name}', which another receiver has already");
                continue;
            }
            OthersKeys.RefuseInReceiver(section);
            receivers.Add(new ReceiverOptions(name, NotifierCatalog.Read(section, name, defaults)));
            section.Finish();
        }
        List<string> names = [.. receivers.Select(r => r.Name)];
        string url = OwnAddress.Read(top);
        return new NotificationOptions(receivers, RoutingReader.Read(top, names), url)
        {
            Id = IdOf(top, templates),
            ResolveTimeout = defaults.ResolveTimeout,
            ExternalLabels = top.Section("global").PlainLabels("external_labels"),
            AlertRelabel = RelabelRule.ReadAll(top.Section("alerting"), "alert_relabel_configs"),
            Alertmanagers = AlertmanagerOptions.Read(top.Section("alerting")),
            Heartbeat = HeartbeatOptions.Read(top.Section("heartbeat"), names),
        };
    }

    /// <summary>What is to be told to who checks the configuration; null where there is nothing.</summary>
    public string? Warning => Receivers.Count > 0 && OwnAddress.IsLocal(ExternalUrl)
        ? $"links in messages lead to {ExternalUrl}, which others cannot reach: "
            + "set external_url to the address under which people reach this daemon"
        : null;

    private static SectionId IdOf(YamlSection top, MessageTemplates templates)
    {
        SectionId id = SectionId.OfKeys("receivers and routes", top, s_keys);
        return id with { Digest = id.Digest + templates.Digest };
    }

    /// <summary>The notifiers of a receiver; none when there is no such receiver.</summary>
    public IReadOnlyList<NamedNotifier> NotifiersOf(string receiver) => Receivers.FirstOrDefault(r => r.Name == receiver)?.Notifiers ?? [];

    /// <summary>The notifier of an integration; null when there is none.</summary>
    public NamedNotifier? Find(IntegrationId integration) => _byId.GetValueOrDefault(integration);
}

/// <summary>Somebody who can be notified.</summary>
internal sealed record ReceiverOptions(string Name, IReadOnlyList<NamedNotifier> Notifiers)
{
    /// <summary>What routing must know of it.</summary>
    public Receiver ToRouting() =>
        new(Name, [.. Notifiers.Select(n => new Integration(n.Id, n.Notifier.SendResolved) { IsForPeople = n.Kind.IsForPeople })]);
}
