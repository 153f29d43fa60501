using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metrics.IntegrationTests;

/// <summary>Secrets in logs, whichever way they come, are nowhere in the data folder of the real daemon.</summary>
public sealed class RedactTests
{
    private const string Secret = "hunter2-and-more";

    [Fact]
    public async Task A_secret_that_came_by_file_syslog_or_HTTP_is_in_no_file_of_the_data_folder()
    {
        string logs = Directory.CreateTempSubdirectory("redact").FullName;
        int port = Daemon.FreePort();
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            events: { redact: [ { pattern: 'pin ([0-9]{2})[0-9]+', replace: 'pin $1**' } ] }
            inputs:
              logs: [ { name: test, paths: ['{{logs}}/*.log'], start: beginning } ]
              syslog: [ { listen: 'tcp://127.0.0.1:{{port}}' } ]
            """);
        await File.WriteAllTextAsync(Path.Combine(logs, "a.log"), $"control-file connecting to rabbit://nova:{Secret}@ctl-1:5672/\n");
        using (var client = new TcpClient())
        {
            await Eventually.Async(() => TryConnectAsync(client, port), "syslog listens");
            await client.GetStream().WriteAsync(
                Encoding.UTF8.GetBytes($"<13>Nov 27 08:00:00 ctl-1 api: control-syslog X-Auth-Token: {Secret}\n"));
        }
        await PushAsync(
            daemon, "/api/v1/events", $$"""{"kind":"x","body":"control-event pin 47111234","user.password":"{{Secret}}"}""");
        await PushAsync(
            daemon, "/loki/api/v1/push",
            $$$"""
            {"streams":[{"stream":{"token":"{{{Secret}}}"},"values":[["1795766400000000000","control-loki password={{{Secret}}}"]]}]}
            """);
        string events = "";
        await Eventually.Async(
            async () => (events = await daemon.GetAsync("/api/v1/events")).Split("control-").Length == 5, "all are there");
        events.Should().Contain("control-file connecting to rabbit://nova:***@ctl-1:5672/").And.Contain("control-syslog X-Auth-Token: ***")
            .And.Contain("control-event pin 47**").And.Contain("\"user.password\":\"***\"").And.Contain("control-loki password=***")
            .And.Contain("\"labels.token\":\"***\"").And.NotContain(Secret);
        (await daemon.OwnAsync("metricsd_intake_events_redacted_total")).Should().Be(4);
        // What it has not yet packed is to be seen.
        daemon.Kill();
        string data = Path.Combine(daemon.Folder, "data");
        byte[] bytes = [.. Directory.GetFiles(data, "*", SearchOption.AllDirectories).SelectMany(File.ReadAllBytes)];
        foreach (string control in new[] { "control-file", "control-syslog", "control-event", "control-loki" })
            bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(control)).Should().BeGreaterThan(0, $"{control} shows that texts can be seen");
        bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)).Should().Be(-1);
        bytes.AsSpan().IndexOf("47111234"u8).Should().Be(-1);
        daemon.Log.Should().NotContain(Secret);
        Directory.Delete(logs, recursive: true);
    }

    private static async Task PushAsync(Daemon daemon, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await daemon.Http.PostAsync(daemon.Url(path), content);
        answer.StatusCode.Should().Be(HttpStatusCode.NoContent);
    }

    private static async Task<bool> TryConnectAsync(TcpClient client, int port)
    {
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
