namespace Metrics.IntegrationTests;

/// <summary>Attacks on a real Keystone, beside people who log in, and what the shipped rules make of its notifications.</summary>
[Collection<CloudTests>]
public sealed class IdentityAttackTests(RealCloud cloud, ITestOutputHelper output)
{
    private const string Right = "the-right-one";

    [Fact]
    public async Task Each_attack_on_a_real_Keystone_is_told_by_its_name_and_people_are_not()
    {
        cloud.Need();
        using var office = new KeystoneClient(cloud.Keystone, "127.0.1.1");
        string token = (await office.LogInAsync("admin", cloud.Password, "admin"))!;
        string[] people = [.. Enumerable.Range(0, 18).Select(n => $"person-{n}")];
        await Parallel.ForEachAsync(
            [.. people, "victim", "lucky", "target"], async (name, _) => await office.MakeUserAsync(token, name, Right));
        string left = await office.MakeUserAsync(token, "left", Right, enabled: false);

        string rules = Path.Combine(cloud.Folder, "identity.yaml");
        string shipped = await File.ReadAllTextAsync(Path.Combine(Cases.Repository, "rules", "identity.yaml"));
        await File.WriteAllTextAsync(rules, shipped.Replace("interval: 15s", "interval: 1s", StringComparison.Ordinal));
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{rules}}'], shipped: false }
            inputs:
              openstack: [ { name: real, notifications: { url: '{{cloud.TransportUrl}}', exchanges: [keystone] } } ]
              # Of a disabled account Keystone notifies nobody: its log alone tells.
              logs: [ { name: keystone, paths: ['{{cloud.Folder}}/log/keystone.log'] } ]
            """);
        await Eventually.Async(async () => (await daemon.InputAsync("openstack/real")).Text("detail")
            .EndsWith("bound to keystone", StringComparison.Ordinal), "the exchange is bound");
        await Eventually.Async(async () => (await daemon.InputAsync("logs/keystone")).Text("state") == "running", "the log is read");

        // People behind one address, some of whom mistype.
        await Parallel.ForEachAsync(people, async (name, _) =>
        {
            if (name.EndsWith('3') || name.EndsWith('7'))
                (await office.LogInAsync(name, "mistyped")).Should().BeNull();
            (await office.LogInAsync(name, Right)).Should().NotBeNull();
        });
        await FailAsync("127.0.2.1", Enumerable.Repeat("victim", 12));
        await FailAsync("127.0.3.1", people);
        await FailAsync("127.0.4.1", Enumerable.Repeat("lucky", 9));
        using (var guesser = new KeystoneClient(cloud.Keystone, "127.0.4.1"))
            (await guesser.LogInAsync("lucky", Right)).Should().NotBeNull();
        for (int n = 0; n < 12; n++)
            await FailAsync($"127.0.5.{n + 1}", ["target"]);
        await FailAsync("127.0.6.1", Enumerable.Repeat("left", 3), Right);
        long done = TimeProvider.System.GetTimestamp();

        string[] expected =
        [
            "IdentityBruteForce victim 127.0.2.1", $"IdentityDisabledAccountTried {left}", "IdentityPasswordSpraying 127.0.3.1",
            "IdentitySlowGuessing target", "IdentitySuccessAfterFailures lucky 127.0.4.1",
        ];
        await daemon.UntilFiringAsync(["user_name", "user_id", "source_ip"], expected);
        output.WriteLine($"All were told {TimeProvider.System.GetElapsedTime(done).TotalSeconds:F1} s after the last attack");
        await daemon.AskPanelsAsync("metricsd-identity-logins");
    }

    private async Task FailAsync(string from, IEnumerable<string> users, string password = "wrong")
    {
        using var attacker = new KeystoneClient(cloud.Keystone, from);
        foreach (string user in users)
            (await attacker.LogInAsync(user, password)).Should().BeNull($"{user} is not let in from {from}");
    }
}
