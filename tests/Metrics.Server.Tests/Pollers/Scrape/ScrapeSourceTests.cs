using Metrics.Hosting;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.Scrape;
using Metrics.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Pollers.Scrape;

/// <summary>Which targets the jobs have, and what is said of those that are none.</summary>
public sealed class ScrapeSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("targets").FullName;
    private readonly SaidLog<ScrapeSource> _said = new();
    private readonly ScrapeSource _source;

    public ScrapeSourceTests() => _source = new ScrapeSource(
        new PollMetrics(new MetricRegistry()), new CloudMetrics(new MetricRegistry()), new FakeTimeProvider(), _said);

    public void Dispose()
    {
        _source.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Relabelling_sets_the_pace_of_a_target()
    {
        const string Job = """
            scrape_configs:
              - job_name: mixed
                scrape_interval: 30s
                scrape_timeout: 10s
                static_configs:
                  - { targets: ['a:1'], labels: { pace: 2s } }
                  - { targets: ['b:1'] }
                  - { targets: ['c:1'], labels: { __scrape_interval__: 5s, __scrape_timeout__: 3s } }
                relabel_configs:
                  - { source_labels: [pace], regex: '(.+)', target_label: __scrape_interval__ }
                  - { source_labels: [pace], regex: '.+', target_label: __scrape_timeout__, replacement: 1s }
            """;
        Look(Job).Select(t => $"{t.Instance} {t.Interval.TotalSeconds} {t.Timeout.TotalSeconds}")
            .Should().Equal("a:1 2 1", "b:1 30 10", "c:1 5 3");
        TargetDeclaration before = Look(Job)[0], after = Look(Job.Replace("pace: 2s", "pace: 4s", StringComparison.Ordinal))[0];
        Look(Job)[0].Identity.Should().Be(before.Identity);
        after.Identity.Asked.Should().NotBe(before.Identity.Asked, "it is another pace");
        _said.Messages.Should().BeEmpty();
    }

    [Theory]
    [InlineData("soon", "1s", "__scrape_interval__ is 'soon'; it must be a duration such as 30s, at least 100ms")]
    [InlineData("1ms", "1ms", "__scrape_interval__ is '1ms'; it must be a duration such as 30s, at least 100ms")]
    [InlineData("2s", "", "__scrape_timeout__ is ''; it must be a duration such as 30s, at least 100ms")]
    [InlineData("2s", "3s", "__scrape_timeout__ is 3s, longer than __scrape_interval__, 2s")]
    public void A_pace_that_is_none_costs_its_target_alone_and_is_said_once(string interval, string timeout, string fault)
    {
        string job = $$"""
            scrape_configs:
              - job_name: j
                static_configs:
                  - { targets: ['a:1'], labels: { __scrape_interval__: '{{interval}}', __scrape_timeout__: '{{timeout}}' } }
                  - { targets: ['b:1'] }
            """;
        for (int look = 0; look < 3; look++)
            Look(job).Select(t => t.Instance).Should().Equal("b:1");
        _said.Messages.Should().Equal($"A target is not taken: j/a:1: {fault}");
    }

    [Fact]
    public void What_relabelling_makes_an_address_of_may_be_a_URL()
    {
        const string Job = """
            scrape_configs:
              - job_name: blackbox
                metrics_path: /probe
                params: { module: [http_2xx] }
                static_configs: [ { targets: ['https://a.example/x?y=z'] } ]
                relabel_configs:
                  - { source_labels: [__address__], target_label: __param_target }
                  - { source_labels: [__param_target], target_label: instance }
                  - { target_label: __address__, replacement: 'blackbox:9115' }
            """;
        TargetDeclaration target = Look(Job).Should().ContainSingle().Which;
        target.Instance.Should().Be("https://a.example/x?y=z");
        target.Identity.Asked.Should().StartWith("http://blackbox:9115/probe?module=http_2xx&target=https%3A%2F%2Fa.example%2Fx%3Fy%3Dz ");
        _said.Messages.Should().BeEmpty();
    }

    [Fact]
    public void A_wrong_target_of_a_file_costs_itself_alone_and_the_file_is_known_to_relabelling()
    {
        string file = Path.Combine(_folder, "rome.yml");
        File.WriteAllText(Path.Combine(_folder, "oslo.yml"), "- targets: ['a:1']");
        File.WriteAllText(file, "- targets: ['b:1', 'http://10.0.0.9:9100/metrics', 'http://kim:secret@c:1']\n");
        string job = $$"""
            scrape_configs:
              - job_name: by-file
                file_sd_configs: [ { files: ['{{_folder}}/*.yml'] } ]
                relabel_configs:
                  - { source_labels: [__meta_filepath], regex: '.*/(.+)[.]yml', target_label: site }
            """;
        for (int look = 0; look < 3; look++)
            Look(job).Select(t => $"{t.Instance} {t.Identity.Series.Labels["site"]}").Should().Equal("a:1 oslo", "b:1 rome");
        _said.Messages.Should().Equal(
            $"1 targets of {file} are not taken: 'http://c:1' must be an address such as host:9100, without user and password "
                + "(set basic_auth)",
            "A target is not taken: by-file/http://10.0.0.9:9100/metrics: 'http://10.0.0.9:9100/metrics' must be an address such as "
                + "host:9100, without scheme and path (set scheme and metrics_path)");
    }

    [Fact]
    public void A_file_that_is_wrong_as_a_whole_keeps_the_targets_that_it_had()
    {
        string file = Path.Combine(_folder, "a.yml");
        string job = $"scrape_configs: [ {{ job_name: j, file_sd_configs: [ {{ files: ['{file}'] }} ] }} ]";
        File.WriteAllText(file, "- targets: ['a:1']");
        Look(job).Should().ContainSingle();
        File.WriteAllText(file, "- targets: ['a:1', 'b:1'\n");
        Look(job).Select(t => t.Instance).Should().Equal("a:1");
        _said.Messages.Should().ContainSingle().Which.Should().StartWith("Targets of a file are not taken, those it had before stay: ");
    }

    [Fact]
    public void A_folder_that_cannot_be_read_is_said_once_and_keeps_the_targets_that_it_had()
    {
        string folder = Path.Combine(_folder, "sites");
        Directory.CreateDirectory(Path.Combine(folder, "rome"));
        File.WriteAllText(Path.Combine(folder, "rome", "a.yml"), "- targets: ['a:1']");
        string job = $"scrape_configs: [ {{ job_name: j, file_sd_configs: [ {{ files: ['{folder}/*/*.yml'] }} ] }} ]";
        Look(job).Select(t => t.Instance).Should().Equal(["a:1"], "a pattern may stand for a folder");
        Directory.Delete(folder, recursive: true);
        // Root may read every folder; what leads to itself nobody reads.
        Directory.CreateSymbolicLink(folder, folder);
        for (int look = 0; look < 3; look++)
            Look(job).Select(t => t.Instance).Should().Equal("a:1");
        _said.Messages.Should().HaveCount(2).And.Contain(m => m.Contains($"{folder}: cannot be read: "));
    }

    [Fact]
    public void While_one_folder_cannot_be_read_files_come_and_go_in_the_others()
    {
        string Site(string name) => Directory.CreateDirectory(Path.Combine(_folder, name, "live")).FullName;
        string rome = Site("rome"), oslo = Site("oslo");
        File.WriteAllText(Path.Combine(rome, "a.yml"), "- targets: ['rome:1']");
        File.WriteAllText(Path.Combine(oslo, "a.yml"), "- targets: ['oslo:1']");
        string job = $"scrape_configs: [ {{ job_name: j, file_sd_configs: [ {{ files: ['{_folder}/*/live/*.yml'] }} ] }} ]";
        Look(job).Select(t => t.Instance).Should().Equal("oslo:1", "rome:1");
        Directory.Delete(rome, recursive: true);
        Directory.CreateSymbolicLink(rome, rome);
        File.Delete(Path.Combine(oslo, "a.yml"));
        File.WriteAllText(Path.Combine(oslo, "b.yml"), "- targets: ['oslo:2']");
        Look(job).Select(t => t.Instance).Should().Equal("oslo:2", "rome:1");
        Directory.Delete(oslo, recursive: true);
        Directory.CreateSymbolicLink(oslo, oslo);
        Look(job).Select(t => t.Instance).Should().Equal(["oslo:2", "rome:1"], "what it had last");
        File.Delete(rome);
        File.Delete(oslo);
        Look(job).Should().BeEmpty();
    }

    [Fact]
    public async Task Of_more_targets_than_may_be_all_are_down_and_none_is_asked()
    {
        const string Job = "scrape_configs: [ { job_name: j, target_limit: 2, static_configs: [ { targets: ['a:1', 'b:1', 'c:1'] } ] } ]";
        foreach (TargetDeclaration target in Look(Job))
        {
            var sink = new SampleSink(new TargetSeries([]), new SampleBatch("t"), 0);
            Func<Task> poll = () => target.Create().PollAsync(sink, default).AsTask();
            await poll.Should().ThrowAsync<InvalidOperationException>()
                .WithMessage("the job has more targets than target_limit (2), none of them is asked");
        }
        List<TargetDeclaration> fewer = Look(Job.Replace(", 'c:1'", "", StringComparison.Ordinal));
        fewer.Should().HaveCount(2).And.OnlyContain(t => t.Create() is ScrapePoller);
        fewer[0].Identity.Should().NotBe(Look(Job)[0].Identity, "it is another poller");
    }

    private List<TargetDeclaration> Look(string yaml) =>
        [.. _source.Discover(MetricsOptions.Parse(yaml).Targets).OrderBy(t => t.Instance, StringComparer.Ordinal)];
}
