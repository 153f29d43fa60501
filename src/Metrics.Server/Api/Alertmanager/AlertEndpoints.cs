using System.Text.RegularExpressions;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Telemetry;

namespace Metrics.Api.Alertmanager;

/// <summary>Open alerts in Alertmanager's JSON.</summary>
internal sealed class AlertEndpoints(ActiveAlerts active, Silences silences, Current<NotificationOptions> options, TimeProvider time)
{
    /// <summary>Alertmanager's alerts tell when they would end if nothing more were heard; ours are asked anew each time.</summary>
    private static readonly TimeSpan s_goodFor = TimeSpan.FromMinutes(5);

    private readonly DateTimeOffset _started = time.GetUtcNow();

    private sealed record Seen(ActiveAlert Active, IReadOnlyList<Route> Routes, string[] SilencedBy, string[] InhibitedBy)
    {
        public AlertInstance Alert => Active.Alert;

        public bool IsMuted => SilencedBy.Length > 0 || InhibitedBy.Length > 0;
    }

    public object Status() => new
    {
        cluster = new { name = "", status = "disabled", peers = Array.Empty<object>() },
        config = new { original = "" },
        uptime = _started,
        versionInfo = new
        {
            branch = "", buildDate = "", buildUser = "", goVersion = "", revision = "", version = $"metricsd {VersionText.Product}",
        },
    };

    public IEnumerable<object> Receivers() => options.Value.Receivers.Select(r => new { name = r.Name });

    public IEnumerable<object> Alerts(IQueryCollection query) =>
        Chosen(query).Select(s => Write(s, [.. s.Routes.Select(r => r.Receiver).Distinct()]));

    public IEnumerable<object> Groups(IQueryCollection query) => Chosen(query)
        .SelectMany(s => s.Routes.Select(r => (Seen: s, Route: r, Labels: r.GroupOf(s.Alert.Labels))))
        .GroupBy(a => (a.Route.Receiver, a.Labels))
        .OrderBy(g => g.Key.Receiver, StringComparer.Ordinal).ThenBy(g => g.Key.Labels, Comparer<Labels>.Create(Labels.Compare))
        .Select(g => new
        {
            labels = Map(g.Key.Labels),
            receiver = new { name = g.Key.Receiver },
            alerts = g.Select(a => Write(a.Seen, [a.Route.Receiver])),
        });

    private List<Seen> Chosen(IQueryCollection query)
    {
        List<LabelMatcher> filters = [.. query["filter"].SelectMany(f => MatcherText.Parse(f ?? ""))];
        LabelMatcher? receiver;
        try
        {
            string? asked = query["receiver"].FirstOrDefault();
            receiver = string.IsNullOrEmpty(asked) ? null : new LabelMatcher("receiver", MatchKind.Regex, asked);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"receiver: {e.Message}", e);
        }
        bool active = Flag(query, "active"), silenced = Flag(query, "silenced"), inhibited = Flag(query, "inhibited");
        return
        [
            .. All().Where(s => filters.TrueForAll(f => f.Matches(s.Alert.Labels))
                && (receiver is null || s.Routes.Any(r => receiver.Matches(Labels.Of(new Label("receiver", r.Receiver)))))
                && (s.IsMuted ? (silenced || s.SilencedBy.Length == 0) && (inhibited || s.InhibitedBy.Length == 0) : active)),
        ];
    }

    private List<Seen> All()
    {
        NotificationOptions notifications = options.Value;
        Timestamp now = Timestamp.Of(time.GetUtcNow());
        Inhibitor inhibitor = active.SuppressionNow(notifications).Inhibitor;
        return
        [
            .. active.Open.Select(a => new Seen(
                a,
                notifications.Plan.Tree.Match(a.Alert.Labels),
                [.. silences.All.Where(s => s.IsOn(a.Alert.Labels, now)).Select(s => s.Id)],
                inhibitor.InhibitedBy(a.Alert.Labels) is { } by ? [by.Fingerprint()] : [])),
        ];
    }

    private object Write(Seen seen, IReadOnlyList<string> receivers)
    {
        MessageAlert alert = MessageAlert.Of(seen.Active.ToRouted(), options.Value.ExternalUrl);
        DateTimeOffset now = time.GetUtcNow();
        return new
        {
            annotations = alert.Annotations,
            endsAt = Timestamp.Of(now + s_goodFor).ToString(),
            fingerprint = alert.Fingerprint,
            receivers = receivers.Select(r => new { name = r }),
            startsAt = alert.StartsAt,
            status = new { inhibitedBy = seen.InhibitedBy, silencedBy = seen.SilencedBy, state = seen.IsMuted ? "suppressed" : "active" },
            updatedAt = Timestamp.Of(now).ToString(),
            generatorURL = alert.GeneratorUrl,
            labels = alert.Labels,
        };
    }

    private static Dictionary<string, string> Map(Labels labels) => labels.ToDictionary(l => l.Name, l => l.Value);

    private static bool Flag(IQueryCollection query, string name) => query[name].FirstOrDefault() is not ("false" or "0");
}
