using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Metrics.IntegrationTests;

/// <summary>Rules and history in the running daemon.</summary>
public sealed class RuleEngineTests
{
    [Fact]
    public async Task History_in_a_real_InfluxDB_and_the_head_join_and_an_outage_costs_only_the_history()
    {
        await using Influxd influxd = await Influxd.StartAsync();
        await using Daemon daemon =
            await Daemon.StartAsync($"host: {{ enabled: false }}\nstorage: {{ influx: {{ url: '{influxd.Url}', database: metrics, timeout: "
                + $"2s }} }}");
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var lines = new StringBuilder();
        const int Count = 5 * 240;
        for (int i = 0; i < Count; i++)
            lines.Append(
                CultureInfo.InvariantCulture,
                $"past,host=a,rack=r\\ 1 v={i} {((now - (Count * 15) + (i * 15)) * 1000) + 7}\npast,host=b v=1 "
                    + $"{((now - (Count * 15) + (i * 15)) * 1000) + 7}\n");
        (await daemon.PushAsync(lines.ToString())).StatusCode.Should().Be(HttpStatusCode.NoContent);
        await Eventually.Async(
            async () => await influxd.NumberAsync("SELECT count(\"past_v\") FROM \"past_v\"") == 2 * Count, "everything is stored");
        (await AskAsync(daemon, "sum(count_over_time(past_v[6h]))", now)).Should()
            .Be(2 * Count, "no sample is missing and none counts twice");
        (await AskAsync(daemon, "sum_over_time(past_v{host=\"a\"}[6h])", now)).Should().Be((double)Count * (Count - 1) / 2);
        (await AskAsync(daemon, "past_v{rack=\"r 1\"} offset 4h", now)).Should().Be(239);
        (await AskAsync(daemon, "count(past_v{host=~\"a|b\"} @ start())", now - 17_000)).Should().Be(2);

        influxd.Stop();
        JsonNode answer = JsonNode.Parse(
            await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString("count_over_time(past_v{host=\"a\"}[6h])")}&time={now}"))!;
        answer["warnings"]![0]!.ToString().Should().StartWith("history before ").And.Contain("could not be read");
        double.Parse(answer["data"]!["result"]![0]!["value"]![1]!.ToString(), CultureInfo.InvariantCulture).Should()
            .BeInRange(470, 480, "the head has two hours");
    }

    [Fact]
    public async Task A_group_sees_one_moment_in_file_order_and_what_it_no_longer_records_ends()
    {
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        string file = Path.Combine(folder, "rules.yaml");
        await File.WriteAllTextAsync(file, """
            groups:
              - name: chain
                interval: 10m
                rules:
                  - record: level:one
                    expr: sum by (host) (chain_v)
                    labels: { step: "1" }
                  - record: level:two
                    expr: level:one * 10
                  - record: level:three
                    expr: level:two + on (host) level:one
                  - record: other:one
                    expr: unrelated_v
            """);
        await using Daemon daemon =
            await Daemon.StartAsync($"host: {{ enabled: false }}\nrules: {{ files: ['{folder}/*.yaml'], shipped: false }}");
        // Once the first round is over, only data that the group reads can bring the next one within the interval.
        await Eventually.Async(
            async () => !(await daemon.GetAsync("/api/v1/rules")).Contains("\"unknown\"", StringComparison.Ordinal), "the first round");
        await daemon.PushAsync("chain,host=a v=4");
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("level:three")).Any(l => l.Contains("} 44 ", StringComparison.Ordinal)),
                "each rule sees what the one before it recorded in the same round");
        await daemon.PushAsync("chain,host=a v=5\nchain,host=b v=1");
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("level:three")).Count == 2
                && (await daemon.FederateAsync("level:three{host=\"a\"}"))[0].Contains("} 55 ", StringComparison.Ordinal),
                "new data, a new round");

        await File.WriteAllTextAsync(
            file, "groups: [ { name: chain, rules: [ { record: 'level:one', expr: 'sum by (host) (chain_v)', labels: { step: '1' } } ] } "
                + "]");
        (await daemon.Http.PostAsync(daemon.Url("/-/reload"), null)).StatusCode.Should().Be(HttpStatusCode.OK);
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("{__name__=~\"level:t.*\"}")).Count == 0, "series that are no longer recorded have ended");
        (await daemon.FederateAsync("level:one")).Should().HaveCount(2);

        await File.WriteAllTextAsync(file, "groups: [ { name: chain, rules: [ { record: 'level:one', expr: 'sum by (host' } ] } ]");
        HttpResponseMessage refused = await daemon.Http.PostAsync(daemon.Url("/-/reload"), null);
        refused.IsSuccessStatusCode.Should().BeFalse();
        (await refused.Content.ReadAsStringAsync()).Should().Contain("rules.yaml:1:").And.Contain("parse error");
        (await daemon.FederateAsync("level:one")).Should().HaveCount(2, "the rules that were good go on");
    }

    [Fact]
    public async Task Rules_may_be_evaluated_by_a_real_Prometheus()
    {
        string folder = Directory.CreateTempSubdirectory("remote").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "p.yml"), "global: {}\n");
        int port = Daemon.FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), """
            groups:
              - name: remote
                interval: 1s
                rules:
                  - record: remote:version
                    expr: count by (version) (prometheus_build_info) or vector(7)
                  - alert: Local
                    expr: vector(3)
                    above: 2
                  - alert: Wrong
                    expr: vector(1) + on () group_left () (vector(1) or label_replace(vector(2), "a", "b", "", ""))
            """);
        using Component prometheus = Component.Start(
            folder, "prometheus", "--config.file=p.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}");
        await using Daemon daemon =
            await Daemon.StartAsync($"host: {{ enabled: false }}\nrules: {{ files: ['{folder}/rules.yaml'], shipped: false, remote_query: "
                + $"'http://127.0.0.1:{port}' }}");
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("remote:version")).Any(l => l.Contains("} 7 ", StringComparison.Ordinal)),
                "the remote engine's answer is recorded here");
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("ALERTS{alertname=\"Local\",alertstate=\"firing\"}")).Count == 1,
                "a threshold judges the remote value");
        string rules = "";
        await Eventually.Async(
            async () =>
            (rules = await daemon.GetAsync("/api/v1/rules?rule_name[]=Wrong")).Contains("\"err\"", StringComparison.Ordinal),
                "an error of the remote engine is shown");
        rules.Should().Contain("the remote engine answers: ");
    }

    private static async Task<double> AskAsync(Daemon daemon, string query, long at)
    {
        JsonNode answer = JsonNode.Parse(await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}&time={at}"))!;
        return double.Parse(answer["data"]!["result"]![0]!["value"]![1]!.ToString(), CultureInfo.InvariantCulture);
    }
}
