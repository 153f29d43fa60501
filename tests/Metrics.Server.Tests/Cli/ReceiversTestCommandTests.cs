using System.Text.Json;
using Metrics.Cli;
using Metrics.Tests.Notifiers;

namespace Metrics.Tests.Cli;

/// <summary>A receiver is tried by the configuration alone, each of its ways by itself.</summary>
public sealed class ReceiversTestCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("receivers").FullName;
    private readonly Endpoint _endpoint = new();

    [Fact]
    public async Task Each_way_gets_one_message_and_says_whether_it_is_taken()
    {
        CliRun run = await RunAsync("ops", "team=db");
        run.Should().Be(new CliRun(0, "ops/webhook/0: taken\nops/http/0: taken\n", ""));
        Endpoint.Request[] sent = [.. _endpoint.Requests];
        sent.Should().HaveCount(2);
        JsonElement message = sent.Single(r => r.Path == "/hook").Json;
        message.GetProperty("status").GetString().Should().Be("firing");
        message.GetProperty("receiver").GetString().Should().Be("ops");
        JsonElement alert = message.GetProperty("alerts")[0];
        alert.GetProperty("labels").GetProperty("alertname").GetString().Should().Be("MetricsdTest");
        alert.GetProperty("labels").GetProperty("team").GetString().Should().Be("db");
        alert.GetProperty("annotations").GetProperty("summary").GetString().Should().Be("A test of the receiver ops; nothing is wrong.");
        sent.Single(r => r.Path == "/text").Body.Should().Be("firing db A test of the receiver ops; nothing is wrong.");
        sent.Should().OnlyContain(r => r.Headers["Idempotency-Key"]!.Length > 0);
    }

    [Fact]
    public async Task A_way_that_does_not_take_it_is_named_with_the_answer_and_the_exit_code_is_1()
    {
        _endpoint.Answer = response => response.StatusCode = 403;
        CliRun run = await RunAsync("ops");
        run.Should().Be(new CliRun(
            ExitCode.No, "ops/webhook/0: refused for good: HTTP status 403\nops/http/0: refused for good: HTTP status 403\n", ""));
        JsonElement json = JsonElement.Parse((await RunAsync("ops", "--output", "json")).Output);
        json[0].GetProperty("result").GetString().Should().Be("refused");
        json[0].GetProperty("integration").GetString().Should().Be("ops/webhook/0");
        json[0].GetProperty("reason").GetString().Should().Be("HTTP status 403");
    }

    [Fact]
    public async Task What_cannot_be_reached_or_fails_is_an_error_of_its_way_alone()
    {
        CliRun run = await RunAsync("broken");
        run.Code.Should().Be(ExitCode.No);
        string[] lines = run.Output.Split('\n');
        lines[0].Should().StartWith("broken/email/0: failed, the daemon would try again: ").And.Contain("refused");
        lines[1].Should().Be("broken/webhook/0: taken");
        lines[2].Should().StartWith("broken/command/0: failed, the daemon would try again: ");
        run.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task The_end_of_a_test_is_of_the_same_group_so_that_it_closes_what_the_test_opened()
    {
        (await RunAsync("ops")).Code.Should().Be(0);
        (await RunAsync("ops", "--resolved")).Code.Should().Be(0);
        JsonElement[] messages = [.. _endpoint.Requests.Where(r => r.Path == "/hook").Select(r => r.Json)];
        messages.Select(m => m.GetProperty("status").GetString()).Should().Equal("firing", "resolved");
        messages.Select(m => m.GetProperty("groupKey").GetString()).Distinct().Should().ContainSingle();
        (await RunAsync("broken", "--resolved")).Output.Should().Contain("broken/webhook/0: not sent, since send_resolved is false");
    }

    [Fact]
    public async Task Who_is_not_there_or_has_nothing_to_send_by_is_said()
    {
        CliRun run = await RunAsync("opps");
        run.Should().Be(new CliRun(ExitCode.Misuse, "",
            "metricsd: the configuration has no receiver 'opps'; it has ops, broken, nobody; did you mean 'ops'?\n"));
        (await RunAsync("nobody")).Code.Should().Be(ExitCode.No);
        _endpoint.Requests.Should().BeEmpty();
    }

    public void Dispose()
    {
        _endpoint.Dispose();
        Directory.Delete(_folder, true);
    }

    private async Task<CliRun> RunAsync(params string[] words)
    {
        string file = Path.Combine(_folder, "m.yaml");
        await File.WriteAllTextAsync(file, $$$"""
            receivers:
              - name: ops
                webhook_configs: [ { url: '{{{_endpoint.Url}}}hook' } ]
                http_configs:
                  - { url: '{{{_endpoint.Url}}}text', body: '{{ status }} {{ common_labels.team }} {{ common_annotations.summary }}' }
              - name: broken
                email_configs: [ { to: a@example.org, from: b@example.org, smarthost: '127.0.0.1:9', require_tls: false } ]
                webhook_configs: [ { url: '{{{_endpoint.Url}}}hook', send_resolved: false } ]
                command_configs: [ { command: [/bin/false] } ]
              - { name: nobody }
            route: { receiver: ops }
            """);
        return await CliRun.Of(["receivers", "test", .. words, "--config", file]);
    }
}
