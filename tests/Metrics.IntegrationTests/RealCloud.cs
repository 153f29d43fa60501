using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Tests that share one real OpenStack.</summary>
[CollectionDefinition]
public sealed class CloudTests : ICollectionFixture<RealCloud>;

/// <summary>A small real OpenStack (<c>openstack/cloud.py</c>), shared by the tests of a collection.</summary>
public sealed class RealCloud : IAsyncLifetime
{
    private const string Python = "/usr/bin/python3";
    private const int Offset = 11000;

    private static readonly string s_script = Path.Combine(Cases.Repository, "tests", "Metrics.IntegrationTests", "openstack", "cloud.py");

    /// <summary>Debian's packages that it is made of.</summary>
    private static readonly string[] s_programs =
        ["/usr/bin/openstack", "/usr/bin/keystone-manage", "/usr/bin/nova-manage", "/usr/bin/neutron-db-manage", "/usr/bin/cinder-manage",
            "/usr/bin/glance-manage", "/usr/bin/placement-manage", "/usr/sbin/mariadbd", "/usr/lib/rabbitmq/bin/rabbitmq-server",
            "/usr/bin/memcached", "/usr/bin/uwsgi_python3"];

    /// <summary>Configuration, logs and data.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("os").FullName;

    public TimeSpan StartTime { get; private set; }

    public string Keystone => $"http://127.0.0.1:{Port("keystone")}/v3";

    /// <summary>
    /// Service, log and exchange of a second Keystone over the same accounts, which locks them after five failures. It runs while a test
    /// wants it.
    /// </summary>
    public const string Locking = "keystone-locking";

    public string LockingKeystone => $"http://127.0.0.1:{Port(Locking)}/v3";

    public string Password => "secret-of-the-test";

    public int Port(string service) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "ports.json"))).RootElement.GetProperty(service).GetInt32();

    /// <summary>Where its services send.</summary>
    public string TransportUrl => $"rabbit://openstack:{Password}@127.0.0.1:{Port("amqp")}/";

    /// <summary>The section <c>openstack</c> for the administrator's account.</summary>
    public string Configuration(string more = "") =>
        $"openstack: [ {{ name: real, region_name: RegionOne, auth: {{ auth_url: '{Keystone}', username: admin, password: {Password}, "
            + $"project_name: admin }}, interval: 4s, check_interval: 2s, slow_interval: 8s{more} }} ]";

    public async ValueTask InitializeAsync()
    {
        if (s_programs.FirstOrDefault(p => !File.Exists(p)) is not null)
            return;
        long start = TimeProvider.System.GetTimestamp();
        try
        {
            await RunAsync("up", "--offset", $"{Offset}");
        }
        catch (InvalidOperationException)
        {
            // What has started would answer for the next cloud on the same ports.
            await DisposeAsync();
            throw;
        }
        StartTime = TimeProvider.System.GetElapsedTime(start);
    }

    /// <summary>Skips the calling test where the packages are missing.</summary>
    public void Need() =>
        Assert.SkipWhen(s_programs.Any(p => !File.Exists(p)), $"{s_programs.FirstOrDefault(p => !File.Exists(p))} is not installed");

    public Task StopAsync(string service) => RunAsync("stop", service);

    public Task StartAsync(string service) => RunAsync("start", service);

    /// <summary>Sends a signal to a service and its workers.</summary>
    public async Task SignalAsync(string service, string signal)
    {
        using JsonDocument services = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "services.json")));
        int pid = services.RootElement.GetProperty(service).GetProperty("pid").GetInt32();
        (await Component.RunAsync("kill", "", $"-{signal}", "--", $"-{pid}")).Code.Should().Be(0);
    }

    /// <summary>Runs the command <c>openstack</c> with the administrator's account, or with another's.</summary>
    public async Task<string> OpenStackAsync(string arguments, string user = "admin", string project = "admin")
    {
        string script = $". {Folder}/openrc; export OS_USERNAME={user} OS_PROJECT_NAME={project}; exec openstack {arguments}";
        (int code, string output) = await Component.RunAsync("bash", "", "-c", script);
        code.Should().Be(0, $"openstack {arguments}: {output}");
        return output.Trim();
    }

    /// <summary>What a command lists.</summary>
    public async Task<JsonElement[]> ListAsync(string arguments) =>
        [.. JsonDocument.Parse(await OpenStackAsync(arguments + " -f json")).RootElement.EnumerateArray()];

    /// <summary>Lets the password of a user be too old since yesterday: Keystone's API has nothing for that.</summary>
    public async Task ExpirePasswordAsync(string userId)
    {
        string sql = "update keystone.password p join keystone.local_user u on u.id = p.local_user_id set p.expires_at = "
            + $"utc_timestamp() - interval 1 day, p.expires_at_int = (unix_timestamp() - 86400) * 1000000 where u.user_id = '{userId}'";
        (int code, string output) = await Component.RunAsync(
            "mariadb", "", "--no-defaults", $"--socket={Folder}/mysql.sock", "-uroot", "-e", sql);
        code.Should().Be(0, output);
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Folder, "services.json")))
            await RunAsync("down");
        await Task.Run(() => Directory.Delete(Folder, true));
    }

    private async Task RunAsync(params string[] arguments)
    {
        (int code, string output) = await Component.RunAsync(Python, "", [s_script, Folder, .. arguments]);
        if (code != 0)
            throw new InvalidOperationException($"cloud.py {string.Join(' ', arguments)}: {output}");
    }
}
