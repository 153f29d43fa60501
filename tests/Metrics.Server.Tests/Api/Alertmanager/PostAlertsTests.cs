using System.Net.Http.Json;
using System.Text.Json;
using Metrics.Telemetry;
using Metrics.Tests.Access;
using Microsoft.Extensions.DependencyInjection;

namespace Metrics.Tests.Api.Alertmanager;

/// <summary>What others send as alerts is bounded, each alone and all together.</summary>
public sealed class PostAlertsTests
{
    private static readonly Dictionary<string, string> s_labels = new() { ["alertname"] = "A" };

    [Fact]
    public async Task An_alert_is_bounded_as_a_whole()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        Dictionary<string, string> Texts(int count, int length, string prefix = "t") =>
            Enumerable.Range(0, count).ToDictionary(i => $"{prefix}{i}", _ => new string('x', length));
        (await PostAsync(daemon, Texts(64, 10))).Should().Be((200, ""));
        (await PostAsync(daemon, Texts(65, 1))).Should().Be((400, "\"an alert has 65 annotations; allowed are 64\""));
        (await PostAsync(daemon, Texts(1, 1, new string('n', 1024)))).Should().Be(
            (400, "\"a name of annotations is longer than 1024 characters\""));
        (await PostAsync(daemon, Texts(1, 65_537))).Should().Be((400, "\"annotations.t0 is longer than 65536 characters\""));
        (int status, string text) = await PostAsync(daemon, Texts(5, 60_000));
        text.Should().MatchRegex("an alert has 30[0-9]{4} bytes; allowed are 262144");
        status.Should().Be(400);
    }

    [Fact]
    public async Task Alerts_for_which_there_is_no_memory_shall_come_again()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        MemoryShare share = daemon.Services.GetRequiredService<MemoryBudget>().Bodies;
        share.TryTake(share.Bytes).Should().BeTrue();
        using JsonContent body = JsonContent.Create(new[] { new { labels = s_labels } });
        await body.LoadIntoBufferAsync();
        using (HttpResponseMessage refused = await daemon.SendAsync("POST", "/api/v2/alerts", null, null, body))
        {
            ((int)refused.StatusCode).Should().Be(503);
            refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        }
        share.GiveBack(share.Bytes);
        (await PostAsync(daemon, [])).Status.Should().Be(200);
        await Eventually.Async(() => share.InUse == 0, "it is given back");
    }

    private static async Task<(int Status, string Text)> PostAsync(RunningDaemon daemon, Dictionary<string, string> annotations)
    {
        using JsonContent body = JsonContent.Create(new[] { new { labels = s_labels, annotations } }, options: JsonSerializerOptions.Web);
        await body.LoadIntoBufferAsync();
        return await daemon.AskAsync("POST", "/api/v2/alerts", null, null, body);
    }
}
