using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Tests.Hosting;

public sealed class ReloadPreviewTests
{
    private const string Before = """
        storage: { path: /a }
        scrape_configs: [ { job_name: node }, { job_name: other }, { job_name: gone } ]
        receivers: [ { name: ops } ]
        """;

    [Fact]
    public void It_says_what_a_reload_would_restart_begin_and_end()
    {
        const string After = """
            storage: { path: /b }
            receivers: [ { name: ops, webhook_configs: [ { url: 'http://a/' } ] } ]
            scrape_configs:
            - job_name: other   # moved, with a comment
            - { job_name: node, scrape_interval: 20s }
            - { job_name: new }
            """;
        Compare(Before, After).Should().Equal(
            "would change: receivers and routes", "would restart: scrape_configs node (3 targets)", "would begin: scrape_configs new",
            "would end: scrape_configs gone (1 target)", "takes effect at the next start: storage");
    }

    [Fact]
    public void Of_an_unchanged_configuration_nothing_restarts() => Compare(Before, Before).Should().BeEmpty();

    private static IEnumerable<string> Compare(string before, string after)
    {
        SectionId[] Of(string yaml) => [.. MetricsOptions.Parse(yaml).Sections];
        return ReloadPreview.Compare(Of(before), Of(after), new HashSet<string> { "listen", "storage", "head", "query" }, Targets).Lines();
    }

    private static int Targets(string section) => section switch { "scrape_configs node" => 3, "scrape_configs gone" => 1, _ => 0 };
}
