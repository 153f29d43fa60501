using System.Text;
using Metrics.Tests.Access;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Sigma rules in the whole daemon: from an event that is sent to an alert that is explained, and over reloads.</summary>
public sealed class SigmaDaemonTests : IDisposable
{
    private const string Rule = """
        title: A project was deleted
        logsource: { product: openstack, service: keystone }
        detection:
          selection: { kind: resource.deleted, openstack.resource.type: project }
          filter: { user.name: admin }
          condition: selection and not filter
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("sigma").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_event_fires_its_alert_and_a_broken_file_changes_nothing_of_it()
    {
        Write("a.yml", Rule);
        await using RunningDaemon daemon = await RunningDaemon.StartAsync($"sigma: {{ files: ['{_folder}'] }}");
        await SendAsync(daemon, "admin", "ctl-1");
        await SendAsync(daemon, "eve", "ctl-2");
        await Eventually.Async(async () => (await AlertsAsync(daemon)).Contains("ctl-2"), "the alert fires");
        (await AlertsAsync(daemon)).Should().Contain("\"alertname\":\"Sigma: A project was deleted\"").And.NotContain("ctl-1");
        const string Named = "Sigma:%20A%20project%20was%20deleted%7Bhost=%22ctl-2%22%7D";
        (int status, string text) = await daemon.AskAsync("GET", $"/api/v1/explain?alert={Named}");
        status.Should().Be(200, text);
        text.Should().Contain("\"state\":\"firing\"").And.Contain("by Sigma rule");

        Write("b.yml", "title: [");
        Write("c.yml", Rule.Replace("deleted", "made", StringComparison.Ordinal));
        (await daemon.AskAsync("POST", "/-/reload")).Status.Should().Be(200);
        (await daemon.OwnAsync("metricsd_sigma_rules_loaded", "", "-")).Should().Be(2);
        (await daemon.OwnAsync("metricsd_sigma_rules_not_loaded", "broken", "-")).Should().Be(1);
        await SendAsync(daemon, "eve", "ctl-3");
        await Eventually.Async(async () => (await AlertsAsync(daemon)).Contains("ctl-3"), "the rule goes on");
        (await AlertsAsync(daemon)).Should().Contain("ctl-2", "an alert outlives a reload");
    }

    [Fact]
    public async Task A_success_after_many_failures_is_found_and_neither_of_them_alone()
    {
        const string Logs = "logsource: { product: linux, service: sshd }";
        Write("a.yml", $$"""
            title: Guessed
            correlation: { type: temporal_ordered, rules: [many, login], group-by: [User], timespan: 10m }
            ---
            title: Many
            name: many
            correlation: { type: event_count, rules: [failed], group-by: [User], timespan: 5m, condition: { gte: 3 } }
            ---
            title: Failed
            name: failed
            {{Logs}}
            detection: { s: { event.outcome: failure }, condition: s }
            """);
        Write("b.yml", $"title: Login\nname: login\n{Logs}\ndetection: {{ s: {{ event.outcome: success }}, condition: s }}");
        await using RunningDaemon daemon = await RunningDaemon.StartAsync($"sigma: {{ files: ['{_folder}'] }}");
        (await daemon.OwnAsync("metricsd_sigma_rules_loaded", "", "-")).Should().Be(4);
        foreach (string one in (string[])["ann failure", "ann failure", "ann failure", "bob failure", "bob success", "ann success"])
        {
            string[] words = one.Split(' ');
            const string Event = "\"kind\": \"host.login\", \"service\": \"sshd\", \"host\": \"ctl-1\"";
            string line = $$"""{ {{Event}}, "user.name": "{{words[0]}}", "event.outcome": "{{words[1]}}" }""";
            using var body = new StringContent(line, Encoding.UTF8, "application/json");
            (await daemon.AskAsync("POST", "/api/v1/events", body: body)).Status.Should().Be(204);
        }
        await Eventually.Async(async () => (await AlertsAsync(daemon)).Contains("Sigma: Guessed"), "the alert fires");
        (await AlertsAsync(daemon)).Should().Contain("\"user_name\":\"ann\"").And.NotContain("bob").And.NotContain("Sigma: Many")
            .And.NotContain("Sigma: Login");
        (int status, string text) = await daemon.AskAsync("GET", "/api/v1/explain?alert=Sigma:%20Guessed%7Buser_name=%22ann%22%7D");
        (status, text).Should().Match<(int, string)>(a => a.Item1 == 200 && a.Item2.Contains("completes the sequence of 2 steps"));
    }

    private static async Task SendAsync(RunningDaemon daemon, string user, string host)
    {
        const string Deleted = "\"kind\":\"resource.deleted\",\"openstack.resource.type\":\"project\",\"service\":\"keystone\"";
        string line = $$"""{ {{Deleted}}, "user.name": "{{user}}", "host": "{{host}}" }""";
        using var body = new StringContent(line, Encoding.UTF8, "application/json");
        (await daemon.AskAsync("POST", "/api/v1/events", body: body)).Status.Should().Be(204);
    }

    private static async Task<string> AlertsAsync(RunningDaemon daemon) => (await daemon.AskAsync("GET", "/api/v1/alerts")).Text;

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
