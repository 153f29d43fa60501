using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>The panels of the shipped dashboards, asked of a daemon.</summary>
internal static class DashboardPanels
{
    /// <summary>Waits until every panel of a dashboard shows something of the daemon itself; all hosts are looked at.</summary>
    /// <param name="daemon">Whose data are shown.</param>
    /// <param name="dashboard">The name of the dashboard's file, without <c>.json</c>.</param>
    /// <param name="mayBeEmpty">Titles of panels that need only be answered.</param>
    public static async Task AskPanelsAsync(this Daemon daemon, string dashboard, params string[] mayBeEmpty)
    {
        string file = Path.Combine(Cases.Repository, "grafana/dashboards", dashboard + ".json");
        using JsonDocument read = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        // As Grafana does where all hosts are chosen.
        string allHosts = read.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Where(v => v.Text("name") == "host").Select(v => v.Text("allValue")).FirstOrDefault("");
        int asked = 0;
        foreach (JsonElement panel in read.RootElement.GetProperty("panels").EnumerateArray())
        {
            if (!panel.TryGetProperty("targets", out JsonElement targets))
                continue;
            string title = panel.GetProperty("title").GetString()!;
            foreach (JsonElement target in targets.EnumerateArray())
            {
                string query = target.GetProperty("expr").GetString()!.Replace("$__rate_interval", "1m", StringComparison.Ordinal)
                    .Replace("$job", "metricsd", StringComparison.Ordinal).Replace("$instance", ".+", StringComparison.Ordinal)
                    .Replace("$host", allHosts, StringComparison.Ordinal);
                if (mayBeEmpty.Contains(title))
                    await daemon.CountSeriesAsync(query);
                else
                    await Eventually.Async(async () => await daemon.CountSeriesAsync(query) > 0, $"'{title}' shows something: {query}");
                asked++;
            }
        }
        asked.Should().BeGreaterThan(8);
    }

    /// <summary>How many series an expression gives now.</summary>
    public static async Task<int> CountSeriesAsync(this Daemon daemon, string query)
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}"));
        return answer.RootElement.GetProperty("data").GetProperty("result").GetArrayLength();
    }
}
