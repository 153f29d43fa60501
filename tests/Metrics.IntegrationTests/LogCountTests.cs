using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Lines of logs as they really come are counted, and PromQL sees the counts.</summary>
public sealed class LogCountTests
{
    [Fact]
    public async Task Lines_by_syslog_and_from_a_file_show_up_in_PromQL()
    {
        int port = Daemon.FreePort();
        string folder = Directory.CreateTempSubdirectory("lines").FullName;
        string file = Path.Combine(folder, "keystone.log");
        await File.WriteAllLinesAsync(
            file, Enumerable.Range(0, 40).Select(i => $"2026-11-27 12:00:{i:00}.000 7 {(i < 30 ? "INFO" : "ERROR")} keystone.auth [-] line {i}"));
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            inputs:
              syslog: [ { listen: 'tcp://127.0.0.1:{{port}}' } ]
              logs: [ { name: cloud, paths: ['{{file}}'], start: beginning } ]
            """);
        using (var client = new TcpClient("127.0.0.1", port))
        {
            foreach (int i in Enumerable.Range(0, 20))
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"<3>1 2026-11-27T12:00:00Z edge-1 kernel - - - oops {i}\n"));
        }
        await Eventually.Async(
            async () => string.Join(' ', await AskAsync(daemon, "sum by (level) (log_messages_total)")) == "err:30 info:30",
            "all lines are counted by their levels");
        (await AskAsync(daemon, "round(sum by (level) (increase(log_messages_total{host=\"edge-1\"}[5m])))")).Should().Equal("err:20");
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<List<string>> AskAsync(Daemon daemon, string promql)
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(promql)}"));
        return
        [
            .. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                .Select(r => (
                    Level: r.GetProperty("metric").GetProperty("level").GetString(),
                    Lines: double.Parse(r.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)))
                .Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Level}:{r.Lines}")).Order(StringComparer.Ordinal),
        ];
    }
}
