using System.Net;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>
/// A real VictoriaMetrics takes what goes to an InfluxDB 2. It answers 204 to lines that it cannot read as well, so that only reading back
/// tells whether it has them.
/// </summary>
public sealed class VictoriaMetricsTests
{
    private static readonly string[] s_awkward =
        ["plain", "with space", "a,b=c", "quote\"d", "Grüße", "$x{y}", "[1;2]", "'single'"];

    [Fact]
    public async Task Every_line_that_is_written_can_be_read_there()
    {
        Component.Need("victoria-metrics");
        string folder = Directory.CreateTempSubdirectory("victoria").FullName;
        string url = $"http://127.0.0.1:{Daemon.FreePort()}";
        try
        {
            using Component victoria = Component.Start(
                folder, "victoria-metrics", $"-storageDataPath={folder}/data", $"-httpListenAddr={url[7..]}", "-influxSkipMeasurement",
                "-retentionPeriod=1", "-search.latencyOffset=0s");
            using var http = new HttpClient();
            await Eventually.Async(async () => (await http.GetAsync($"{url}/health")).IsSuccessStatusCode, "victoria-metrics answers");
            await using Daemon daemon = await Daemon.StartAsync(
                $"host: {{ enabled: false }}\nstorage: {{ influx: {{ version: 2, url: '{url}', bucket: metrics, org: ops, token: t0ken }} }}");
            long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            string lines = string.Concat(s_awkward.Select((text, i) => $"contract,label={Escape(text)} v={i}.5 {now + i}\n"));
            HttpResponseMessage pushed = await daemon.PushAsync(lines);
            pushed.StatusCode.Should().Be(HttpStatusCode.NoContent, await pushed.Content.ReadAsStringAsync());
            HttpResponseMessage broken = await http.PostAsync(
                $"{url}/api/v2/write?precision=ms", new StringContent($"contract,label=broken contract_v=\"no number {now}\n"));
            broken.StatusCode.Should().Be(HttpStatusCode.NoContent, "it says nothing of lines that it cannot read");
            List<(string Label, double Value, long Time)> found = [];
            await Eventually.Async(async () =>
            {
                await http.GetAsync($"{url}/internal/force_flush");
                found = Read(await http.GetStringAsync($"{url}/api/v1/export?match[]=contract_v"));
                return found.Count >= s_awkward.Length;
            }, "all lines can be read");
            found.Should().BeEquivalentTo(
                s_awkward.Select((text, i) => (text, i + 0.5, now + i)), "and nothing else is there");
            (await daemon.OwnAsync("metricsd_store_up")).Should().Be(1);
            (await daemon.OwnAsync("metricsd_store_samples_dropped_total")).Should().Be(0);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static string Escape(string text) => text.Replace(",", "\\,", StringComparison.Ordinal)
        .Replace("=", "\\=", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal);

    private static List<(string Label, double Value, long Time)> Read(string export) =>
    [
        .. export.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).Select(series => (
            series.GetProperty("metric").GetProperty("label").GetString()!, series.GetProperty("values")[0].GetDouble(),
            series.GetProperty("timestamps")[0].GetInt64())),
    ];
}
