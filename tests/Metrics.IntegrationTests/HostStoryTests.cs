using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>What is done on a real host, by its real systemd, dpkg and useradd, and what the shipped rules make of it.</summary>
public sealed class HostStoryTests
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
                async () => (await daemon.InputAsync(input)).Text("state") == "running", $"{input} takes in");
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
            "HostAccountChanged", "ServiceCrashLoop nova-api", "ServiceCrashed cinder-volume", "ServiceFirstSeen backdoor",
            "ServiceFirstSeen glance-api", "ServiceFirstSeen nova-api", "ServiceRestarted glance-api", "ServiceStarted nova-api",
            "ServiceStopped nova-compute",
        ];
        await UntilAsync(daemon, told);

        await host.ShutDownAsync();
        told = [.. told, "HostRebootUnplanned"];
        await UntilAsync(daemon, told);

        // What a package does is no news, nor what starts after a boot: it starts a service, and anew, makes an account, and stops it.
        await host.BootAsync();
        await host.RunAsync("systemctl", "start", "glance-api");
        await host.RunAsync("/bin/bash", "-c", """
            set -e
            mkdir -p /tmp/p/DEBIAN
            printf 'Package: neutron-fake\nVersion: 2\nArchitecture: all\nMaintainer: nobody\nDescription: fake\n' > /tmp/p/DEBIAN/control
            cat > /tmp/p/DEBIAN/postinst <<'SCRIPT'
            #!/bin/sh
            systemctl start neutron-server
            systemctl restart neutron-server
            useradd --system --no-create-home neutron-fake
            SCRIPT
            chmod 755 /tmp/p/DEBIAN/postinst
            dpkg-deb --build /tmp/p /tmp/p.deb
            dpkg -i --force-bad-path /tmp/p.deb
            systemctl stop neutron-server
            """);
        await host.RunAsync("systemctl", "kill", "--signal=KILL", "glance-api");
        await UntilAsync(daemon, [.. told, "ServiceCrashed glance-api"]);
        (await KindsAsync(daemon, """{kind="service.stop", service="neutron-server"}""")).Should().HaveCountGreaterThanOrEqualTo(2);
        (await KindsAsync(daemon, """{event.planned="patching"}""")).Should().Equal("service.stop");
        await daemon.AskPanelsAsync(
            "metricsd-security-events", "Alerts of detectors by level", "Alerts of detectors by host", "Log-ins by outcome",
            // Nothing is said of it before the first check, which comes once a day.
            "Failed log-ins by host", "When it was checked last");
    }

    /// <summary>The same rules, faster.</summary>
    private static string InSeconds(string shipped) => shipped
        .Replace("interval: 15s", "interval: 1s", StringComparison.Ordinal).Replace("after: 1m", "after: 6s", StringComparison.Ordinal);

    /// <summary>
    /// The crash that a loop begins with is told where a round falls between it and the others; whether the journal has its own start
    /// depends on when it is flushed.
    /// </summary>
    private static Task UntilAsync(Daemon daemon, string[] told) =>
        daemon.UntilFiringAsync(["service"], told, "ServiceCrashed nova-api", "ServiceFirstSeen systemd-journald");

    private static async Task<List<string>> KindsAsync(Daemon daemon, string matcher)
    {
        string answer = await daemon.GetAsync($"/api/v1/events?from=1h&match[]={Uri.EscapeDataString(matcher)}");
        using JsonDocument events = JsonDocument.Parse(answer);
        return [.. events.RootElement.GetProperty("data").GetProperty("events").EnumerateArray().Select(e => e.Text("kind"))];
    }
}
