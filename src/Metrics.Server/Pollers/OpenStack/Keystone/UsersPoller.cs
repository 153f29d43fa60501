using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Keystone;

/// <summary>
/// Users: how many, which are disabled, when passwords end, and, where Keystone tells it (<c>last_active_at</c>), for how long each has not
/// logged in.
/// </summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/identity/v3/#list-users ; Keystone keeps <c>last_active_at</c> when
/// <c>disable_user_account_days_inactive</c> is set.
/// </remarks>
internal sealed class UsersPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Identity)
{
    private const double SecondsPerDay = 86400;

    private static readonly Metric s_count = Metric.Gauge("openstack_identity_users", "Users.");
    private static readonly Metric s_disabled = Metric.Gauge("openstack_identity_users_disabled", "Users that are disabled.");
    private static readonly Metric s_inactive =
        Metric.Gauge("openstack_identity_user_inactive_days", "Days since a user's last login, where Keystone tells it.", "id", "name",
            "domain_id", "enabled");
    private static readonly Metric s_expires =
        Metric.Gauge("openstack_identity_user_password_expires_timestamp_seconds", "When a user's password ends.", "id", "name",
            "domain_id", "enabled");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int disabled = 0;
        DateTimeOffset now = Cloud.Time.GetUtcNow();
        var users = new Dictionary<string, Owner>();
        await foreach (JsonElement u in Api.ListAsync("/users", "users", ct))
        {
            users[u.Text("id")] = new Owner(u.Text("id"), u.Text("name"), u.Text("domain_id"), u.Text("enabled") != "false");
            disabled += u.Text("enabled") == "false" ? 1 : 0;
            string[] labels = [u.Text("id"), u.Text("name"), u.Text("domain_id"), u.Text("enabled")];
            if (u.Time("last_active_at") is { } active)
                sink.Add(s_inactive, Math.Floor((now - active).TotalSeconds / SecondsPerDay), labels);
            if (u.Time("password_expires_at") is { } expires)
                sink.Add(s_expires, expires.ToUnixTimeSeconds(), labels);
        }
        sink.Add(s_count, users.Count);
        sink.Add(s_disabled, disabled);
        Cloud.Inventory.Users = new Listing<Owner>(now, Cloud.Time.GetUtcNow(), users);
    }
}
