using System.Collections.Concurrent;
using System.Globalization;

namespace Metrics.IntegrationTests.Identity;

/// <summary>One plan at the real Keystone, and what a daemon with the shipped rules says of it.</summary>
/// <param name="cloud">The Keystone.</param>
/// <param name="plan">What is done there.</param>
/// <param name="names">Takes the name of each account, by its id.</param>
internal sealed class AttackRun(RealCloud cloud, AttackPlan plan, ConcurrentDictionary<string, string> names)
{
    private const string Right = "the-right-one";
    private readonly ConcurrentDictionary<string, (long Begin, long End)> _times = new();

    /// <summary>What is done.</summary>
    public AttackPlan Plan => plan;

    /// <summary>What was told, and when that was seen first.</summary>
    public IReadOnlyDictionary<ToldAlert, long> Told { get; private set; } = new Dictionary<ToldAlert, long>();

    /// <summary>A daemon with the shipped rules that sees all log-ins.</summary>
    /// <param name="cloud">Where.</param>
    /// <param name="queue">Begins the name of its queue.</param>
    public static async Task<Daemon> StartDaemonAsync(RealCloud cloud, string queue)
    {
        Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            inputs:
              openstack:
                - { name: real, notifications: { url: '{{cloud.TransportUrl}}', exchanges: [{{RealCloud.Locking}}], queue_prefix: '{{queue}}' } }
              # Of a disabled account Keystone notifies nobody: its log alone tells.
              logs: [ { name: keystone, paths: ['{{cloud.Folder}}/log/{{RealCloud.Locking}}.log'] } ]
            """);
        await Eventually.Async(async () => (await daemon.InputAsync("openstack/real")).Text("detail")
            .EndsWith($"bound to {RealCloud.Locking}", StringComparison.Ordinal), "the exchange is bound");
        await Eventually.Async(async () => (await daemon.InputAsync("logs/keystone")).Text("state") == "running", "the logs are read");
        return daemon;
    }

    /// <summary>Runs it, until all that is expected was told, and the rules were evaluated once more.</summary>
    public async Task RunAsync()
    {
        await MakeAccountsAsync();
        await using Daemon daemon = await StartDaemonAsync(cloud, $"run-{plan.Seed}");
        var watch = new AlertWatch(daemon, names);
        Told = watch.Told;
        Task done = Task.WhenAll(plan.Lanes.Select(LogInAsync));
        await watch.UntilAsync(() => Task.FromResult(done.IsCompleted), "everybody has tried");
        await done;
        int notified = plan.Lanes.Sum(l => l.LogIns.Count(i => plan.Accounts.Find(a => a.Name == i.User)?.IsEnabled != false));
        await watch.UntilAsync(async () => await EventsAsync(daemon) >= notified, "all log-ins are seen");
        await watch.RoundsAsync(1);
        try
        {
            await watch.UntilAsync(
                () => Task.FromResult(plan.Expected.All(e => Told.Keys.Any(e.Is))), "all is told", TimeSpan.FromSeconds(45));
        }
        catch (TimeoutException)
        {
            // What is missing is in the table.
        }
    }

    /// <summary>Seconds from an attack's first request to its alert.</summary>
    public double SecondsFromFirst(ExpectedAlert expected, ToldAlert told) => SecondsFrom(_times[expected.Lane].Begin, told);

    /// <summary>Seconds from an attack's last request to its alert; none where that came before.</summary>
    public double SecondsFromLast(ExpectedAlert expected, ToldAlert told) => Math.Max(0, SecondsFrom(_times[expected.Lane].End, told));

    private static async Task<int> EventsAsync(Daemon daemon) =>
        int.Parse((await daemon.InputAsync("openstack/real")).Text("events"), CultureInfo.InvariantCulture);

    private double SecondsFrom(long moment, ToldAlert told) => TimeProvider.System.GetElapsedTime(moment, Told[told]).TotalSeconds;

    private async Task MakeAccountsAsync()
    {
        using var office = new KeystoneClient(cloud.LockingKeystone, "127.0.1.1");
        string token = (await office.LogInAsync("admin", cloud.Password, "admin"))!;
        var few = new ParallelOptions { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(plan.Accounts, few, async (account, _) =>
        {
            string id = await office.MakeUserAsync(token, account.Name, Right, account.IsEnabled, account.IsExempt);
            names[id] = account.Name;
            if (account.IsExpired)
                await cloud.ExpirePasswordAsync(id);
        });
    }

    private async Task LogInAsync(Lane lane)
    {
        var clients = new Dictionary<string, KeystoneClient>();
        try
        {
            // The pace of people and programs at a real Keystone, which has no other clock; nothing is waited for by it.
            await Task.Delay(TimeSpan.FromMilliseconds(lane.Delay), TimeProvider.System, CancellationToken.None);
            long begin = TimeProvider.System.GetTimestamp();
            foreach (LogIn one in lane.LogIns)
            {
                if (!clients.TryGetValue(one.Origin, out KeystoneClient? client))
                    clients.Add(one.Origin, client = new KeystoneClient(cloud.LockingKeystone, one.Origin));
                bool isIn = await client.LogInAsync(one.User, one.IsRight ? Right : "wrong") is not null;
                if (!one.IsOwner)
                    _times[lane.Name] = (begin, TimeProvider.System.GetTimestamp());
                if (one.IsIn is { } expected)
                    isIn.Should().Be(expected, $"of {one} in {lane.Name}");
                await Task.Delay(TimeSpan.FromMilliseconds(one.Pause), TimeProvider.System, CancellationToken.None);
            }
        }
        finally
        {
            foreach (KeystoneClient client in clients.Values)
                client.Dispose();
        }
    }
}
