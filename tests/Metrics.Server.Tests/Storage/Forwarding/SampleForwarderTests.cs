using System.IO.Compression;
using System.Text.Json;
using Metrics.Formats.Forward;
using Metrics.Tests.Access;

namespace Metrics.Tests.Storage.Forwarding;

/// <summary>Samples of a node at its centre.</summary>
public sealed class SampleForwarderTests
{
    private const string Auth = """
        auth:
          tokens:
            - { name: n1, role: ingest, token: bound, hosts: [n1] }
            - { name: look, role: viewer, token: look }
        """;

    [Fact]
    public async Task What_is_pushed_to_a_node_and_what_it_polls_is_at_the_centre_by_its_name_and_its_node()
    {
        await using RunningDaemon centre = await RunningDaemon.StartAsync(Auth);
        await using RunningDaemon node = await RunningDaemon.StartAsync(
            $"forward: {{ url: '{centre.Address}', token: bound, node: n1 }}");
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 5000;
        string lines = $"room,place=a\\ b temp=21.5,humidity=40 {now}\nroom,place=a\\ b temp=22 {now + 1000}\nother value=1 {now}\n";
        (await node.AskAsync("POST", "/write?precision=ms", body: new StringContent(lines))).Status.Should().Be(204);
        await Eventually.Async(async () => (await ValuesAsync(centre, "other_value[1h]")).Length > 0, "samples come");
        (await ValuesAsync(centre, "room_temp{place=\"a b\",node=\"n1\",host=\"n1\"}[1h]")).Should()
            .Be($"{now} 21.5, {now + 1000} 22");
        (await ValuesAsync(centre, "room_humidity{node=\"n1\"}[1h]")).Should().Be($"{now} 40");
        await Eventually.Async(
            async () => (await ValuesAsync(centre, "up{job=\"metricsd\",node=\"n1\"}[1h]")).EndsWith(" 1", StringComparison.Ordinal),
            "a name of one word comes too, and is nobody else's");
    }

    [Fact]
    public async Task Samples_wait_until_the_centre_knows_the_node_and_none_goes_while_it_knows_another_one_by_that_name()
    {
        await using RunningDaemon centre = await RunningDaemon.StartAsync("");
        await using (RunningDaemon first = await RunningDaemon.StartAsync($"forward: {{ url: '{centre.Address}', node: n1 }}"))
        {
            await Eventually.Async(
                async () => (await centre.OwnAsync("metricsd_forward_node_last_seen", "n1", "")) > 0, "the first is known");
            await using RunningDaemon clone = await RunningDaemon.StartAsync($"forward: {{ url: '{centre.Address}', node: n1 }}");
            await clone.AskAsync("POST", "/write", body: new StringContent("of_clone value=1"));
            await first.AskAsync("POST", "/write", body: new StringContent("of_first value=1"));
            await Eventually.Async(
                async () => await centre.OwnAsync("metricsd_forward_node_conflicts_total", "n1", "") > 0
                    && (await ValuesAsync(centre, "of_first_value[1h]")).Length > 0,
                "the clone is refused, and the first is not");
            (await ValuesAsync(centre, "of_clone_value[1h]")).Should().BeEmpty();
            (await clone.OwnAsync("metricsd_spool_records", "forward", "")).Should().BeGreaterThan(0, "it is kept");
        }
    }

    [Fact]
    public async Task A_200_of_a_proxy_stores_no_samples_and_they_come_again()
    {
        int pages = 0, taken = 0;
        using var proxy = new LocalServer(async context =>
        {
            if (context.Request.Url!.AbsolutePath != "/write")
            {
                await context.Response.OutputStream.WriteAsync(new ForwardAnswer(long.MaxValue, 0).ToUtf8());
                return;
            }
            using var lines = new StreamReader(new GZipStream(context.Request.InputStream, CompressionMode.Decompress));
            bool isPushed = (await lines.ReadToEndAsync()).Contains("other_value", StringComparison.Ordinal);
            bool isPage = isPushed && ++pages == 1;
            taken += isPushed && !isPage ? 1 : 0;
            context.Response.StatusCode = isPage ? 200 : 204;
        });
        await using RunningDaemon node = await RunningDaemon.StartAsync($"forward: {{ url: '{proxy.Url}', node: n1 }}");
        (await node.AskAsync("POST", "/write", body: new StringContent("other value=1"))).Status.Should().Be(204);
        await Eventually.Async(() => taken > 0, "what was answered by a page is sent once more");
        pages.Should().BeGreaterThan(1);
    }

    [Fact]
    public async Task Another_form_of_names_is_refused()
    {
        await using RunningDaemon centre = await RunningDaemon.StartAsync("");
        (int status, string text) = await centre.AskAsync("POST", "/write?names=tags", body: new StringContent("a b=1"));
        status.Should().Be(400);
        text.Should().Contain("invalid names; fields says");
    }

    private static async Task<string> ValuesAsync(RunningDaemon daemon, string query)
    {
        (_, string text) = await daemon.AskAsync("GET", $"/api/v1/query?query={Uri.EscapeDataString(query)}", "look");
        return string.Join(", ", JsonDocument.Parse(text).RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
            .SelectMany(s => s.GetProperty("values").EnumerateArray()).Select(v => $"{Math.Round(v[0].GetDouble() * 1000)} {v[1]}"));
    }
}
