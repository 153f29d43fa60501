using System.Text.Json;
using System.Text.RegularExpressions;
using Metrics.Text;

namespace Metrics.Tests.Grafana;

/// <summary>What makes a dashboard trustworthy, checked for every panel of every dashboard.</summary>
public sealed partial class DashboardTests
{
    private static readonly string[] s_units =
        ["short", "percentunit", "bytes", "Bps", "bps", "pps", "ops", "s", "celsius", "watt", "rotrpm", "dateTimeFromNow"];

    public static TheoryData<string> Dashboards() =>
        [.. Directory.GetFiles(Path.Combine(Cases.Repository, "grafana/dashboards"), "*.json").Select(f => Path.GetFileName(f))];

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Is_fit_to_be_shipped(string file)
    {
        JsonElement dashboard = Read(file);
        dashboard.GetProperty("uid").GetString().Should().Be(Path.GetFileNameWithoutExtension(file));
        dashboard.GetProperty("editable").GetBoolean().Should().BeFalse();
        dashboard.TryGetProperty("id", out _).Should().BeFalse("Grafana gives it");
        dashboard.TryGetProperty("__inputs", out _).Should().BeFalse("that is left over from sharing");
        dashboard.GetProperty("tags").EnumerateArray().Select(t => t.GetString()).Should().Contain("metricsd");
        var variables = dashboard.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Select(v => v.GetProperty("name").GetString()!).ToList();
        variables[0].Should().Be("datasource");
        dashboard.GetProperty("annotations").GetProperty("list").EnumerateArray().Select(a => a.GetProperty("expr").GetString()).Should()
            .ContainMatch("ALERTS{alertstate=\"firing\"*}", "alerts are marked on every graph");
        dashboard.GetProperty("links").EnumerateArray().Should()
            .Contain(l => l.GetProperty("keepTime").GetBoolean(), "one goes from dashboard to dashboard without losing the time");
        JsonElement[] panels = [.. Panels(dashboard)];
        panels.Should().NotBeEmpty();
        panels.Select(p => p.GetProperty("id").GetInt32()).Should().OnlyHaveUniqueItems();
        foreach (JsonElement panel in panels.Where(p => p.GetProperty("type").GetString() != "row"))
            CheckPanel(panel, variables);
        string all = dashboard.GetRawText();
        variables.Where(v => !all.Contains($"${v}", StringComparison.Ordinal) && !all.Contains($"${{{v}}}", StringComparison.Ordinal))
            .Should().BeEmpty("every variable is used");
    }

    [Fact]
    public void There_are_dashboards() => Dashboards().Should().NotBeEmpty();

    [Fact]
    public void Provisioning_names_the_data_source_that_links_rest_on()
    {
        var problems = new List<Problem>();
        string folder = Path.Combine(Cases.Repository, "grafana/provisioning");
        YamlMap sources =
            (YamlMap)YamlComposer.Compose(File.ReadAllText(Path.Combine(folder, "datasources/metricsd.yaml")), "datasources", problems)!;
        List<YamlMap> list = [.. ((YamlList)sources["datasources"]!).Items.Cast<YamlMap>()];
        list.Select(d => ((YamlText)d["uid"]!).Text).Should().Equal("metricsd", "metricsd-influx");
        list.Select(d => ((YamlText)d["type"]!).Text).Should().Equal("prometheus", "influxdb");
        YamlMap providers =
            (YamlMap)YamlComposer.Compose(File.ReadAllText(Path.Combine(folder, "dashboards/metricsd.yaml")), "dashboards", problems)!;
        ((YamlText)((YamlMap)((YamlList)providers["providers"]!).Items[0])["type"]!).Text.Should().Be("file");
        problems.Should().BeEmpty();
    }

    internal static JsonElement Read(string file) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Cases.Repository, "grafana/dashboards", file))).RootElement;

    internal static IEnumerable<JsonElement> Panels(JsonElement owner)
    {
        foreach (JsonElement panel in owner.GetProperty("panels").EnumerateArray())
        {
            yield return panel;
            if (panel.TryGetProperty("panels", out _))
            {
                foreach (JsonElement inner in Panels(panel))
                    yield return inner;
            }
        }
    }

    private static void CheckPanel(JsonElement panel, List<string> variables)
    {
        string title = panel.GetProperty("title").GetString()!;
        title.Should().NotBeEmpty();
        panel.GetProperty("description").GetString().Should().NotBeNullOrEmpty($"'{title}' says what is good, what is bad, and what to do");
        panel.GetProperty("datasource").GetProperty("uid").GetString().Should().Be("${datasource}", title);
        s_units.Should().Contain(panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString(), title);
        JsonElement place = panel.GetProperty("gridPos");
        (place.GetProperty("x").GetInt32() + place.GetProperty("w").GetInt32()).Should().BeLessThanOrEqualTo(24, title);
        JsonElement[] targets = [.. panel.GetProperty("targets").EnumerateArray()];
        targets.Should().NotBeEmpty(title);
        foreach (string query in targets.Select(t => t.GetProperty("expr").GetString()!))
        {
            query.Should().Contain("job=~\"$job\"", title).And.Contain("instance=~\"$instance\"", title);
            Variable().Matches(query).Select(m => m.Groups[1].Value).Where(v => v != "__rate_interval").Should()
                .BeSubsetOf(variables, title);
            // openstack-exporter, whose names people know, calls gauges so too.
            foreach (Match counter in Counter().Matches(query).Where(c => !c.Value.StartsWith("openstack_", StringComparison.Ordinal)))
                query[..counter.Index].Should().MatchRegex("(rate|increase)\\($|count\\($", $"'{title}': {counter.Value} is a counter");
            Regex.IsMatch(query, @"rate\([^)]*\[(?!\$__rate_interval)").Should().BeFalse($"'{title}' uses $__rate_interval");
        }
    }

    [GeneratedRegex(@"\$\{?(\w+)")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\w+_total(?=\{)")]
    private static partial Regex Counter();
}
