using System.Globalization;
using Metrics.Formats.PrometheusText;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>In which formats a target is asked for its metrics.</summary>
/// <param name="Accept">The header that asks for them.</param>
/// <param name="Fallback">What is read where the answer says none of them. Default the text format.</param>
internal sealed record ScrapeProtocols(string Accept, ExpositionFormat Fallback)
{
    private static readonly Dictionary<string, (string Media, ExpositionFormat Format)> s_known = new()
    {
        ["OpenMetricsText1.0.0"] = ("application/openmetrics-text;version=1.0.0", ExpositionFormat.OpenMetrics),
        ["OpenMetricsText0.0.1"] = ("application/openmetrics-text;version=0.0.1", ExpositionFormat.OpenMetrics),
        ["PrometheusText1.0.0"] = ("text/plain;version=1.0.0", ExpositionFormat.Text),
        ["PrometheusText0.0.4"] = ("text/plain;version=0.0.4", ExpositionFormat.Text),
    };

    /// <summary>What holds where nothing is said.</summary>
    public static ScrapeProtocols Default { get; } = new(
        "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ExpositionFormat.Text);

    /// <summary>The keys of an entry of <c>scrape_configs</c>, or of <c>global</c>.</summary>
    /// <param name="section">The section.</param>
    /// <param name="otherwise">What holds where a key is not given.</param>
    public static ScrapeProtocols ReadKeys(YamlSection section, ScrapeProtocols otherwise)
    {
        var all = new List<string>();
        foreach (string name in section.Texts("scrape_protocols"))
        {
            if (!s_known.ContainsKey(name))
                section.Report("scrape_protocols", NotOne(name));
            else if (all.Contains(name))
                section.Report("scrape_protocols", $"holds '{name}' twice");
            else
                all.Add(name);
        }
        string? fallback = section.Text("fallback_scrape_protocol");
        if (fallback is not null && !s_known.ContainsKey(fallback))
            section.Report("fallback_scrape_protocol", NotOne(fallback));
        return new ScrapeProtocols(
            all.Count > 0 ? AcceptOf(all) : otherwise.Accept,
            fallback is not null && s_known.TryGetValue(fallback, out var known) ? known.Format : otherwise.Fallback);
    }

    /// <summary>The format of an answer.</summary>
    /// <param name="mediaType">What the answer says; null is nothing.</param>
    public ExpositionFormat FormatOf(string? mediaType) => mediaType switch
    {
        "application/openmetrics-text" => ExpositionFormat.OpenMetrics,
        "text/plain" => ExpositionFormat.Text,
        _ => Fallback,
    };

    private static string NotOne(string name) =>
        $"holds '{name}'; allowed are {string.Join(", ", s_known.Keys)}{(name == "PrometheusProto" ? ": protocol buffers are not read" : "")}";

    private static string AcceptOf(List<string> names)
    {
        IEnumerable<string> wanted = names.Select((n, i) => string.Create(
            CultureInfo.InvariantCulture, $"{s_known[n].Media};q=0.{names.Count + 1 - i}"));
        return string.Join(',', wanted.Append("*/*;q=0.1"));
    }
}
