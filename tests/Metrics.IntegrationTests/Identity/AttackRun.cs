using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Metrics.IntegrationTests.Identity;

/// <summary>One plan at the real Keystone, and what a daemon of its own with the shipped rules says of it.</summary>
internal sealed class AttackRun(RealCloud cloud, AttackPlan plan)
{
    private const string Right = "the-right-one";

    /// <summary>Id of each account that a label names by id.</summary>
    private readonly ConcurrentDictionary<string, string> _names = new();
    private readonly ConcurrentDictionary<string, long> _ends = new();
    private readonly Dictionary<ToldAlert, long> _told = [];

    /// <summary>All that was told, and when it was seen first.</summary>
    public IReadOnlyDictionary<ToldAlert, long> Told => _told;

    private string Url => plan.IsLocking ? cloud.LockingKeystone : cloud.Keystone;

    /// <summary>Runs it, until all that is expected was told, and all rules were evaluated once more.</summary>
    public async Task RunAsync()
    {
        await MakeAccountsAsync();
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            inputs:
              openstack: [ { name: real, notifications: { url: '{{cloud.TransportUrl}}', exchanges: [keystone] } } ]
              # Of a disabled account Keystone notifies nobody: its log alone tells.
              logs: [ { name: keystone, paths: ['{{cloud.Folder}}/log/keystone.log', '{{cloud.Folder}}/log/keystone-locking.log'] } ]
            """);
        await Eventually.Async(async () => (await daemon.InputAsync("openstack/real")).Text("detail")
            .EndsWith("bound to keystone", StringComparison.Ordinal), "the exchange is bound");
        await Eventually.Async(async () => (await daemon.InputAsync("logs/keystone")).Text("state") == "running", "the logs are read");

        Task done = Task.WhenAll(plan.Lanes.Select(LogInAsync));
        await Eventually.Async(async () => await LookAsync(daemon) && done.IsCompleted, "everybody has tried");
        await done;
        int notified = plan.Lanes.Sum(l => l.LogIns.Count(i => plan.Accounts.Find(a => a.Name == i.User)?.IsEnabled != false));
        await Eventually.Async(async () => await LookAsync(daemon)
            && int.Parse((await daemon.InputAsync("openstack/real")).Text("events"), CultureInfo.InvariantCulture) >= notified, "all log-ins are seen");
        double round = await RoundsAsync(daemon);
        await Eventually.Async(async () => await LookAsync(daemon) && await RoundsAsync(daemon) > round, "the rules are evaluated once more");
        try
        {
            await Eventually.Async(
                async () => await LookAsync(daemon) && plan.Expected.All(e => _told.Keys.Any(e.Is)), "all is told", TimeSpan.FromSeconds(45));
        }
        catch (TimeoutException)
        {
            // What is missing is in the table.
        }
    }

    /// <summary>Seconds from an attack's last request to its alert: below zero where that came before.</summary>
    public double SecondsTo(ExpectedAlert expected, ToldAlert told) =>
        TimeProvider.System.GetElapsedTime(_ends[expected.Lane], _told[told]).TotalSeconds;

    private static Task<double> RoundsAsync(Daemon daemon) =>
        daemon.OwnAsync("metricsd_rule_evaluations_total{group=\"identity\",trigger=\"interval\"}");

    private async Task MakeAccountsAsync()
    {
        using var office = new KeystoneClient(cloud.LockingKeystone, "127.0.1.1");
        string token = "";
        await Eventually.Async(
            async () => (token = await office.LogInAsync("admin", cloud.Password, "admin") ?? "").Length > 0, "the Keystone that locks answers");
        var few = new ParallelOptions { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(plan.Accounts, few, async (account, _) =>
        {
            string id = await office.MakeUserAsync(token, account.Name, Right, account.IsEnabled, account.IsExempt);
            _names[id] = account.Name;
            if (account.IsExpired)
                await cloud.ExpirePasswordAsync(id);
        });
    }

    private async Task LogInAsync(Lane lane)
    {
        var clients = new Dictionary<string, KeystoneClient>();
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(lane.Delay), TimeProvider.System, CancellationToken.None);
            foreach (LogIn one in lane.LogIns)
            {
                if (!clients.TryGetValue(one.Origin, out KeystoneClient? client))
                    clients.Add(one.Origin, client = new KeystoneClient(Url, one.Origin));
                bool isIn = await client.LogInAsync(one.User, one.IsRight ? Right : "wrong") is not null;
                if (one.IsIn is { } expected)
                    isIn.Should().Be(expected, $"of {one} in {lane.Name}");
                await Task.Delay(TimeSpan.FromMilliseconds(one.Pause), TimeProvider.System, CancellationToken.None);
            }
        }
        finally
        {
            foreach (KeystoneClient client in clients.Values)
                client.Dispose();
            _ends[lane.Name] = TimeProvider.System.GetTimestamp();
        }
    }

    /// <summary>Notes what fires.</summary>
    private async Task<bool> LookAsync(Daemon daemon)
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync("/api/v1/alerts"));
        long now = TimeProvider.System.GetTimestamp();
        foreach (JsonElement alert in answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray())
        {
            JsonElement labels = alert.GetProperty("labels");
            string user = labels.Text("user_name"), id = labels.Text("user_id");
            if (alert.Text("state") == "firing")
                _told.TryAdd(new ToldAlert(labels.Text("alertname"), user.Length > 0 ? user : _names.GetValueOrDefault(id, id), labels.Text("source_ip")), now);
        }
        return true;
    }
}
