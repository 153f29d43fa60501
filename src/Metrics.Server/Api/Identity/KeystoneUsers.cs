using Metrics.Model;
using Metrics.Series;

namespace Metrics.Api.Identity;

/// <summary>The users of the Identity service, as its poller has them.</summary>
internal static class KeystoneUsers
{
    /// <summary>For how long what Keystone said of its users holds, milliseconds: they are asked for now and then.</summary>
    private const long Lookback = 7_200_000;

    /// <summary>What Keystone said of its users last.</summary>
    /// <param name="head">Where that is.</param>
    /// <param name="now">Milliseconds since 1970 UTC.</param>
    public static List<KeystoneUser> Of(Head head, long now)
    {
        Dictionary<string, string> domains = Newest("openstack_identity_domain_info").ToDictionary(d => d.Of["id"], d => d.Of["name"]);
        return
        [
            .. Newest("openstack_identity_user_inactive_days").Select(u => new KeystoneUser(
                u.Of["id"], u.Of["name"], u.Of["domain_id"], u.Of["enabled"] != "false", u.Last.Value,
                domains.GetValueOrDefault(u.Of["domain_id"], ""))),
        ];

        // What was changed, as a user that was disabled, has two series for a while.
        IEnumerable<(Labels Of, Sample Last)> Newest(string metric)
        {
            var newest = new Dictionary<string, (Labels Of, Sample Last)>(StringComparer.Ordinal);
            foreach (ISeries series in head.Select([new LabelMatcher(Labels.MetricName, MatchKind.Equal, metric)]))
            {
                string id = series.Labels["id"];
                if (series.TryLast(now, now - Lookback, out Sample last)
                    && !(newest.TryGetValue(id, out (Labels Of, Sample Last) other) && other.Last.Time > last.Time))
                {
                    newest[id] = (series.Labels, last);
                }
            }
            return newest.Values;
        }
    }
}
