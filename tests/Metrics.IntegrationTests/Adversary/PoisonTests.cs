using System.Globalization;
using System.Net;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>What no sane sender gives, by every way in: it is refused with a reason and a count, and what others send goes on.</summary>
public sealed class PoisonTests
{
    private const string Poison = """
        good 1
        old 1 -185540791535999000
        older 1 -9223372036854775808
        new 1 9223372036854775807
        nan NaN

        """;

    [Fact]
    public async Task A_page_full_of_poison_costs_its_own_lines_and_nothing_else_also_after_a_restart()
    {
        string labels = string.Join(',', Enumerable.Range(0, 500).Select(i => $"l{i}=\"v\""));
        using var hostile = new PageServer($"{Poison}many{{{labels}}} 1\nlong{{l=\"{new string('x', 200_000)}\"}} 1\n");
        using var sane = new PageServer("sane 1\n");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            scrape_configs:
              - { job_name: hostile, scrape_interval: 500ms, static_configs: [ { targets: ['127.0.0.1:{{hostile.Port}}'] } ] }
              - { job_name: sane, scrape_interval: 500ms, static_configs: [ { targets: ['127.0.0.1:{{sane.Port}}'] } ] }
            """);
        foreach (string time in new[] { "-185540791535999000", "-9223372036854775808", "9223372036854775807", "0", "-1" })
            (await daemon.PushAsync($"pushed v=1 {time}")).StatusCode.Should().BeOneOf(HttpStatusCode.NoContent, HttpStatusCode.BadRequest);
        await AliveAsync(daemon, sane);
        (await daemon.OwnAsync("metricsd_head_samples_not_appended_total{reason=\"bad_timestamp\"}")).Should().BeGreaterThan(2);
        (await daemon.OwnAsync("metricsd_head_samples_not_appended_total{reason=\"bad_labels\"}")).Should().BeGreaterThan(1);
        (await daemon.OwnAsync("metricsd_head_samples_not_appended_total{reason=\"too_new\"}")).Should().BeGreaterThan(1);
        (await daemon.FederateAsync("{job=\"hostile\",__name__=~\"good|up\"}")).Should().HaveCount(2);
        daemon.Kill();
        await daemon.StartAgainAsync();
        await AliveAsync(daemon, sane);
        (await daemon.GetAsync("/metrics")).Should().NotContain("metricsd_faults_total{");
    }

    [Fact]
    public async Task A_file_of_targets_with_odd_labels_spoils_its_own_targets_only()
    {
        using var sane = new PageServer("sane 1\n");
        string folder = Directory.CreateTempSubdirectory("targets").FullName;
        string file = Path.Combine(folder, "t.json");
        const string Odd = "{ \"\": \"x\", \"_job\": \"y\", \"__name__\": \"z\", \"a\\u0000b\": \"c\" }";
        await File.WriteAllTextAsync(file, $"[ {{ \"targets\": [\"127.0.0.1:{sane.Port}\"], \"labels\": {Odd} }} ]");
        (await Component.RunAsync("mkfifo", "", Path.Combine(folder, "pipe.json"))).Code.Should().Be(0);
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            scrape_configs:
              - job_name: odd
                scrape_interval: 500ms
                file_sd_configs: [ { files: ['{{folder}}/*.json'] } ]
                relabel_configs:
                  - { source_labels: [job], regex: '(.*)', target_label: t, replacement: 'x$99999999999' }
                  - { action: labeldrop, regex: 'job|__scheme__|__metrics_path__' }
              - { job_name: sane, scrape_interval: 500ms, static_configs: [ { targets: ['127.0.0.1:{{sane.Port}}'] } ] }
            """);
        await AliveAsync(daemon, sane);
        daemon.Log.Should().Contain("has a name of 0 characters").And.Contain("pipe.json is not a regular file");
        const string Targets = "[\"127.0.0.1:1\", \"[\", \"\", \"::::\", \"a b\"]";
        await File.WriteAllTextAsync(file, $"[ {{ \"targets\": {Targets}, \"labels\": {{ \"job\": \"\" }} }}, 7, null ]");
        await RequestsAsync(sane, 12);
        await AliveAsync(daemon, sane);
        (await daemon.GetAsync("/metrics")).Should().NotContain("metricsd_faults_total{");
        Directory.Delete(folder, true);
    }

    [Theory]
    [InlineData("{a: 1,{b: 2}")]
    [InlineData("a: [1, 2")]
    [InlineData("? [")]
    [InlineData("%YAML 9.9\n---\n&a *a")]
    [InlineData("a: &x [*x]")]
    [InlineData("\0\0\0")]
    public async Task A_configuration_that_is_no_YAML_leaves_the_one_in_force(string text)
    {
        using var sane = new PageServer("sane 1\n");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            scrape_configs:
              - { job_name: sane, scrape_interval: 500ms, static_configs: [ { targets: ['127.0.0.1:{{sane.Port}}'] } ] }
            """);
        await File.WriteAllTextAsync(Path.Combine(daemon.Folder, "metrics.yaml"), text);
        (await daemon.Http.PostAsync(daemon.Url("/-/reload"), null)).StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await Component.RunAsync("kill", "", "-HUP", daemon.ProcessId.ToString(CultureInfo.InvariantCulture))).Code.Should().Be(0);
        await Eventually.Async(
            () => daemon.Log.Split("is not reloaded").Length > 2, "both ways of reloading are refused");
        await AliveAsync(daemon, sane);
    }

    /// <summary>The daemon runs, and goes on with what is sane.</summary>
    private static async Task AliveAsync(Daemon daemon, PageServer sane)
    {
        await RequestsAsync(sane, 3);
        (await daemon.GetAsync("/-/ready")).Should().StartWith("metricsd is ready");
        await Eventually.Async(
            async () => (await daemon.FederateAsync("up{job=\"sane\"}")).Exists(l => l.Contains("} 1 ", StringComparison.Ordinal)),
            "it is up");
    }

    private static async Task RequestsAsync(PageServer server, int more)
    {
        int before = server.Requests;
        await Eventually.Async(() => Task.FromResult(server.Requests >= before + more), "the sane target goes on being scraped");
    }
}
