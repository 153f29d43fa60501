using System.Text.Json;
using System.Text.RegularExpressions;

namespace Metrics.IntegrationTests;

/// <summary>What is done on a real host, by its real systemd, dpkg and useradd, and what the shipped rules make of it.</summary>
public sealed partial class HostStoryTests
{
    [Fact]
    public async Task What_nobody_has_planned_on_a_host_is_told_by_the_name_that_fits_and_what_an_upgrade_does_is_not()
    {
        const string Idle = "ExecStart=/bin/sleep infinity";
        using var host = new BootedHost(new Dictionary<string, string>
        {
            ["nova-compute"] = Idle, ["glance-api"] = Idle, ["cinder-volume"] = Idle, ["neutron-server"] = Idle, ["heat-engine"] = Idle,
            ["nova-api"] = "ExecStart=/bin/false\nRestart=always\nRestartSec=200ms\nStartLimitBurst=1000", ["backdoor"] = Idle,
        });
        await host.BootAsync();
        await host.RunAsync("systemctl", "start", "nova-compute", "glance-api", "cinder-volume", "neutron-server", "heat-engine");
        await File.WriteAllTextAsync(Path.Combine(host.Logs, "dpkg.log"), "");
        string rules = Path.Combine(host.Logs, "rules.yaml");
        await File.WriteAllTextAsync(rules, InSeconds(await File.ReadAllTextAsync(Path.Combine(Cases.Repository, "rules", "hosts.yaml"))));
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{rules}}'], shipped: false }
            events: { first_seen: { learn: 0s } }
            maintenance: [ { name: patching, cron: '* * * * * ?', duration: 1h, matchers: ['service="heat-engine"'] } ]
            inputs:
              journald: [ { name: host, directory: '{{host.Journal}}' } ]
              logs: [ { name: packages, paths: ['{{host.Logs}}/dpkg.log'] } ]
            """);
        foreach (string input in (string[])["journald/host", "logs/packages"])
        {
            await Eventually.Async(
                async () => (await daemon.InputAsync(input)).GetProperty("state").GetString() == "running", $"{input} takes in");
        }

        await host.RunAsync("systemctl", "stop", "heat-engine");
        await host.RunAsync("systemctl", "stop", "nova-compute");
        await host.RunAsync("systemctl", "restart", "glance-api");
        await host.RunAsync("systemctl", "kill", "--signal=KILL", "cinder-volume");
        await host.RunAsync("systemctl", "start", "nova-api");
        await host.RunAsync("systemctl", "start", "backdoor");
        await host.RunAsync("useradd", "--no-create-home", "eve");
        string[] told =
        [
            "HostAccountChanged", "ServiceCrashLoop nova-api", "ServiceCrashed cinder-volume", "ServiceCrashed nova-api",
            "ServiceFirstSeen backdoor", "ServiceFirstSeen glance-api", "ServiceFirstSeen nova-api", "ServiceRestarted glance-api",
            "ServiceStarted nova-api", "ServiceStopped nova-compute",
        ];
        await UntilAsync(daemon, told);

        // A package comes, and starts its service anew; then it stops it altogether.
        await host.RunAsync("systemctl", "stop", "nova-api");
        await host.RunAsync("/bin/bash", "-c", """
            set -e
            mkdir -p /tmp/p/DEBIAN
            printf 'Package: neutron-fake\nVersion: 2\nArchitecture: all\nMaintainer: nobody\nDescription: fake\n' > /tmp/p/DEBIAN/control
            printf '#!/bin/sh\nsystemctl restart neutron-server\nuseradd --system --no-create-home neutron-fake\n' > /tmp/p/DEBIAN/postinst
            chmod 755 /tmp/p/DEBIAN/postinst
            dpkg-deb --build /tmp/p /tmp/p.deb
            dpkg -i --force-bad-path /tmp/p.deb
            systemctl stop neutron-server
            """);
        await host.ShutDownAsync();
        await Eventually.Async(
            async () => (await KindsAsync(daemon, """{kind="host.reboot"}""")).Count == 1, "it went down, after an upgrade");
        await UntilAsync(daemon, told);

        await host.BootAsync();
        await host.ShutDownAsync();
        await UntilAsync(daemon, [.. told, "HostRebootUnplanned"]);
        (await KindsAsync(daemon, """{event.planned="patching"}""")).Should().Equal("service.stop");
        (await KindsAsync(daemon, """{kind="service.stop"}""")).Should().HaveCountGreaterThan(5, "they were seen, and not told");
    }

    /// <summary>The same rules, faster.</summary>
    private static string InSeconds(string shipped) => Times().Replace(shipped, time => time.Value switch
    {
        "interval: 15s" => "interval: 1s",
        "after: 1m" => "after: 3s",
        "within: 30m" => "within: 1s",
        _ => "within: 8s",
    });

    [GeneratedRegex(@"interval: 15s|after: 1m|within: \d+[mh]")]
    private static partial Regex Times();

    private static async Task UntilAsync(Daemon daemon, string[] told)
    {
        List<string> firing = [], expected = [.. told.Order(StringComparer.Ordinal)];
        try
        {
            await Eventually.Async(
                async () => (firing = await FiringAsync(daemon)).SequenceEqual(expected), "that and nothing else is told");
        }
        finally
        {
            firing.Should().Equal(expected);
        }
    }

    private static async Task<List<string?>> KindsAsync(Daemon daemon, string matcher)
    {
        string answer = await daemon.GetAsync($"/api/v1/events?from=1h&match[]={Uri.EscapeDataString(matcher)}");
        using JsonDocument events = JsonDocument.Parse(answer);
        return
        [
            .. events.RootElement.GetProperty("data").GetProperty("events").EnumerateArray().Select(e => e.GetProperty("kind").GetString()),
        ];
    }

    private static async Task<List<string>> FiringAsync(Daemon daemon)
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync("/api/v1/alerts"));
        return
        [
            .. answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray().Select(a => a.GetProperty("labels"))
                .Select(l => $"{l.GetProperty("alertname")} {(l.TryGetProperty("service", out JsonElement s) ? s.ToString() : "")}".Trim())
                .Order(StringComparer.Ordinal),
        ];
    }
}
