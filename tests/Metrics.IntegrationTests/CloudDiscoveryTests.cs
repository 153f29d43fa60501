using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Targets that a real cloud has (<c>openstack_sd_configs</c>), beside the real Prometheus.</summary>
[Collection<CloudTests>]
public sealed class CloudDiscoveryTests(RealCloud cloud, ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task What_a_cloud_has_is_scraped_as_Prometheus_would()
    {
        cloud.Need();
        Component.Need("prometheus");
        await cloud.OpenStackAsync("network create found-net");
        await cloud.OpenStackAsync("subnet create --network found-net --subnet-range 10.56.0.0/28 found-subnet");
        await cloud.OpenStackAsync(
            "server create --flavor tiny --image nothing --network found-net --property role-of=web --wait found");
        string jobs = "scrape_configs:\n" + string.Concat(new[] { "hypervisor", "instance" }.Select(role => $$"""
              - job_name: {{role}}
                scrape_interval: 2s
                openstack_sd_configs:
                  - { identity_endpoint: '{{cloud.Keystone}}', username: admin, password: '{{cloud.Password}}', project_name: admin,
                      domain_name: Default, region: RegionOne, role: {{role}}, port: 9, refresh_interval: 2s }
                # By the newer API that we ask ids of hypervisors and names of flavours are others.
                relabel_configs:
                  - { regex: '__meta_openstack_(.+)', action: labelmap }
                  - { regex: 'hypervisor_id|instance_flavor|instance_image', action: labeldrop }

            """.ReplaceLineEndings("\n")));
        string folder = Directory.CreateTempSubdirectory("sd").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"), jobs);
        int port = Daemon.FreePort();
        using Component prometheus = Component.Start(folder, "prometheus", "--config.file=prometheus.yml",
            "--storage.tsdb.path=data", $"--web.listen-address=127.0.0.1:{port}");
        await using Daemon daemon = await Daemon.StartAsync($"host: {{ enabled: false }}\n{jobs}");
        List<string> theirs = [], ours = [];
        try
        {
            await Eventually.Async(async () =>
            {
                (theirs, ours) = (await UpAsync(daemon.Http, $"http://127.0.0.1:{port}"), await UpAsync(daemon.Http, daemon.Url("")));
                return theirs.Count > 1 && ours.SequenceEqual(theirs);
            }, "both find the same", s_patience);
        }
        finally
        {
            output.WriteLine($"Prometheus:\n{string.Join('\n', theirs)}\nmetricsd:\n{string.Join('\n', ours)}");
        }
        ours.Should().Contain(t => t.Contains("instance_name=found", StringComparison.Ordinal)
            && t.Contains("tag_role_of=web", StringComparison.Ordinal));
        ours.Should().Contain(t => t.Contains("hypervisor_hostname=", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);

        static async Task<List<string>> UpAsync(HttpClient http, string url)
        {
            string query = Uri.EscapeDataString("up{job=~\"hypervisor|instance\"}");
            HttpResponseMessage answer = await http.GetAsync($"{url.TrimEnd('/')}/api/v1/query?query={query}");
            if (!answer.IsSuccessStatusCode)
                return [];
            using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            return
            [
                .. json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(s => string.Join(' ',
                    s.GetProperty("metric").EnumerateObject().Select(l => $"{l.Name}={l.Value}").Order(StringComparer.Ordinal)))
                    .Order(StringComparer.Ordinal),
            ];
        }
    }
}
