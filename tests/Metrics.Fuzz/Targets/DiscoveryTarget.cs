using System.Text;
using Metrics.Hosting;
using Metrics.Pollers.Scrape;
using Metrics.Text;

namespace Metrics.Fuzz;

/// <summary>A file of targets that others write: each target becomes one that can be polled, or a problem.</summary>
internal static class DiscoveryTarget
{
    private static readonly ScrapeJob s_job = MetricsOptions.Parse("""
        scrape_configs:
          - job_name: fuzz
            static_configs: [ { targets: [ 'localhost:1' ] } ]
            relabel_configs:
              - { source_labels: [ __address__, a ], regex: '(.*):(.*);(.*)', target_label: __param_target, replacement: '$1-$2$3' }
              - { regex: '__meta_(.*)', action: labelmap, replacement: 'meta_$1' }
        """).Targets.OfType<ScrapeJob>().Single();

    private static readonly HttpMessageInvoker s_http = new(new HttpClientHandler());

    public static void Try(ReadOnlyMemory<byte> input)
    {
        var problems = new List<Problem>();
        IReadOnlyList<TargetGroup> groups = FileDiscovery.Read(Encoding.UTF8.GetString(input.Span), "targets.yaml", problems, []);
        foreach (TargetGroup group in groups)
        {
            foreach (string address in group.Targets)
                Try(address, group);
        }
    }

    private static void Try(string address, TargetGroup group)
    {
        try
        {
            s_job.ToTarget(address, group.Labels, s_http, TimeProvider.System);
        }
        catch (FormatException)
        {
            // Labels may set a pace that is none.
        }
    }
}
