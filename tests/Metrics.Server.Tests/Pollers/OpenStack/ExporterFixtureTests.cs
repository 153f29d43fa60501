using System.Text.Json;
using System.Text.RegularExpressions;
using Metrics.Pollers;
using Metrics.Pollers.OpenStack;

namespace Metrics.Tests.Pollers.OpenStack;

/// <summary>The answers that openstack-exporter is tested with, read by our pollers: the same metrics, labels and values.</summary>
public sealed partial class ExporterFixtureTests(ITestOutputHelper output)
{
    /// <summary>Where we differ on purpose, by metric.</summary>
    private static readonly Dictionary<string, string> s_differences = new()
    {
        ["openstack_cinder_agent_state"] = "no label uuid: the exporter makes a new one at each scrape",
        ["openstack_nova_server_local_gb"] =
            "taken from the list of servers; the exporter asks os-simple-tenant-usage, whose fixture has other servers",
        ["openstack_cinder_volume_type_quota_gigabytes"] =
            "taken from the quota with usage, which is one call a project; the exporter asks a second time without, and the two fixtures "
                + "disagree",
        ["openstack_placement_resource_provider_allocations"] =
            "a series for each server and resource; the same is in openstack_nova_server_status and the flavours",
        ["openstack_trove_instance_volume_used_gb"] = "not there where the guest does not tell; the exporter says 0",
        ["openstack_placement_resource_allocation_ratio"] =
            "the ratio as Placement tells it (1.2), not rounded to 32 bits (1.2000000476837158)",
    };

    [Fact]
    public async Task Gives_what_openstack_exporter_gives()
    {
        var wrong = new List<string>();
        foreach (string expected in Cases.Extra("openstack-api", "openstack-exporter", "expected.prom"))
        {
            string folder = Path.GetDirectoryName(expected)!, service = Path.GetFileName(folder);
            HashSet<string> ours = await PollAllAsync(folder);
            string[] theirs = [.. File.ReadLines(expected).Where(l => l.Length > 0 && l[0] != '#').Select(Canonical)];
            string[] missing = [.. theirs.Where(t => !ours.Contains(t))];
            foreach (IGrouping<string, string> metric in missing.GroupBy(Name))
            {
                if (s_differences.TryGetValue(metric.Key, out string? reason))
                    output.WriteLine($"  {service}: {metric.Key} ({metric.Count()} series) differs: {reason}");
                else
                    wrong.AddRange(
                        metric.Take(3)
                        .Select(m =>
                        $"{service}: missing {m}; we have {string.Join(" | ", ours.Where(o => Name(o) == metric.Key).Take(3))}"));
            }
            string[] more =
                [.. ours.Where(o => theirs.Any(t => Name(t) == Name(o)) && !theirs.Contains(o) && !s_differences.ContainsKey(Name(o)))];
            wrong.AddRange(more.Take(3).Select(m => $"{service}: too much {m}"));
            output.WriteLine($"{service}: {theirs.Length - missing.Length} of {theirs.Length} series the same, "
                + $"{ours.Select(Name).Except(theirs.Select(Name)).Count()} metrics more");
        }
        wrong.Should().BeEmpty();
    }

    private static async Task<HashSet<string>> PollAllAsync(string folder)
    {
        string common = Path.Combine(folder, "..", "common");
        var stub =
            new StubCloud { Token = (await File.ReadAllTextAsync(Path.Combine(common, "tokens.json")))
                .Replace("http://test.cloud", StubCloud.Url, StringComparison.Ordinal) };
        stub.Answers["/identity/v3/projects"] = await File.ReadAllTextAsync(Path.Combine(common, "identity_projects.json"));
        // What the exporter does not ask for: the cheap calls.
        foreach (string cheap in new[] { "/compute/flavors?limit=1", "/volumes/types", "/neutron/v2.0/networks?fields=id",
            "/glance/v2/images?limit=1", "/placement/resource_providers?name=nobody", "/identity/v3/auth/catalog",
            "/loadbalancer/v2.0/lbaas/loadbalancers?fields=id", "/orchestration/stacks?limit=1", "/container-infra/clusters?limit=1",
            "/gnocchi/v1/status", "/object-store",
            "/designate/v2/zones?limit=1", "/ironic/v1/nodes?limit=1", "/shares/v2/shares?limit=1", "/database/instances?limit=1" })
            stub.Answers[cheap] = "{}";
        using JsonDocument requests = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "requests.json")));
        foreach (JsonProperty request in requests.RootElement.EnumerateObject())
            stub.Answers[request.Name] = await File.ReadAllTextAsync(Path.Combine(folder, request.Value.GetString()!));
        // The exporter asks an Ironic whose address names no version without one, too.
        foreach ((string path, string body) in stub.Answers.Where(a => a.Key.StartsWith("/ironic/nodes", StringComparison.Ordinal))
            .ToList())
            stub.Answers["/ironic/v1" + path["/ironic".Length..]] = body;
        // We ask for details, which tell whose a snapshot is.
        if (stub.Answers.TryGetValue("/volumes/snapshots", out string? snapshots))
            stub.Answers["/volumes/snapshots/detail"] = snapshots;
        using WatchedCloud cloud = stub.Connect();
        await cloud.Session.GetAsync(default);
        var samples = new HashSet<string>();
        CloudCollection[] collections = [.. CloudCatalog.All.Where(c => c.Name != "endpoints").Append(CloudCatalog.All[0])];
        foreach (CloudCollection collection in collections)
        {
            try
            {
                samples.UnionWith((await StubCloud.PollAsync(collection.Create(cloud))).Select(Canonical));
            }
            catch (Exception e) when (e.Message.Contains("404", StringComparison.Ordinal))
            {
                // The fixture has one service; the others are not there.
                cloud.Outcomes.Clear();
            }
        }
        return samples;
    }

    private static string Name(string sample) => sample.Split('{', ' ')[0];

    /// <summary>Labels sorted, numbers in one form.</summary>
    private static string Canonical(string sample)
    {
        int space = sample.LastIndexOf(' ');
        double value = double.Parse(sample[(space + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        string[] labels =
            [.. Label().Matches(sample[..space]).Select(m => m.Value).Where(l => !l.EndsWith("=\"\"", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)];
        return $"{Name(sample)}{{{string.Join(',', labels)}}} {value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}";
    }

    [GeneratedRegex("[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex Label();
}
