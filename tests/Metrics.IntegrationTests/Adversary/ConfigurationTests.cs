using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>Whatever a file of the configuration or of rules becomes, the daemon goes on with the last good one.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private const string Configuration = """
        external_url: http://localhost:9890
        host: { enabled: false }
        head: { window: 2h }
        query: { timeout: 30s, max_samples: 50000000 }
        rules: { files: [ 'RULES' ], shipped: false }
        auth: { tokens: [ { name: admin, role: admin, token: mutated } ] }
        inputs:
          push: { allow_from: [ 127.0.0.0/8 ], events: { syslog: log } }
        receivers:
          - { name: ops, webhook_configs: [ { url: 'http://localhost:1/', max_alerts: 10 } ] }
          - { name: mail, email_configs: [ { to: ops@example.org, from: m@example.org, smarthost: 'localhost:1' } ] }
        route:
          receiver: ops
          group_by: [ alertname ]
          group_wait: 30s
          routes: [ { receiver: mail, matchers: [ 'severity="critical"', 'host=~"web.*"' ], continue: true } ]
        scrape_configs:
          - job_name: node
            scrape_interval: 1d
            static_configs: [ { targets: [ 'localhost:1' ], labels: { rack: r1 } } ]
            relabel_configs: [ { source_labels: [ __address__ ], regex: '(.*):.*', target_label: host, replacement: '$1' } ]

        """;

    private const string Rules = """
        groups:
          - name: mutated
            interval: 1h
            rules:
              - { record: a:rate, expr: 'sum by (host) (rate(a_total[5m]))' }
              - alert: High
                expr: a:rate / on (host) group_left b
                above: '{{ 3 + 4 }}'
                clear: 5
                for: 5m
                labels: { severity: critical }
                annotations: { summary: 'The value of {{ labels.host }} is {{ value | math.round 1 }}' }
              - { alert: Gone, expr: 'up{job="node"}', absent_for: 5m }
              - { alert: Many, events: { kind: log }, window: 5m, group_by: [ host ], count: { above: 10 } }

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("mutated").FullName;

    /// <summary>In full by <c>METRICS_MUTATED_FILES=5000</c>; the same ones each time.</summary>
    [Fact]
    public async Task No_mutated_file_ends_the_daemon_and_the_last_good_one_stays()
    {
        string? asked = Environment.GetEnvironmentVariable("METRICS_MUTATED_FILES");
        int count = asked is null ? 500 : int.Parse(asked, CultureInfo.InvariantCulture);
        string rules = Path.Combine(_folder, "rules.yaml");
        string configuration = Configuration.Replace("RULES", rules, StringComparison.Ordinal);
        await File.WriteAllTextAsync(rules, Rules);
        await using Daemon daemon = await Daemon.StartAsync(configuration);
        string file = Path.Combine(daemon.Folder, "metrics.yaml");
        daemon.Http.DefaultRequestHeaders.Authorization = new("Bearer", "mutated");
        string sound = await SoundAsync();
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        for (int number = 0; number < count; number++)
        {
            bool isRules = number % 2 == 0;
            byte[] mutated = TextMutator.Make(isRules ? Rules : configuration, number);
            await File.WriteAllBytesAsync(isRules ? rules : file, mutated);
            if (number % 20 == 0)
                await ReloadBySignalAsync(daemon);
            HttpStatusCode status = await ReloadAsync();
            statuses.AddOrUpdate(status, 1, (_, seen) => seen + 1);
            status.Should().BeOneOf([HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity, HttpStatusCode.Unauthorized], $"of {number}");
            if (status == HttpStatusCode.UnprocessableEntity)
                await Eventually.Async(async () => await SoundAsync() == sound, $"the last good one stays in force after {number}");
            await File.WriteAllTextAsync(isRules ? rules : file, isRules ? Rules : configuration);
            if (status == HttpStatusCode.UnprocessableEntity)
                continue;
            // One that took the token away has to be undone by a signal.
            if (await ReloadAsync() != HttpStatusCode.OK)
                await ReloadBySignalAsync(daemon);
            await Eventually.Async(async () => await SoundAsync() == sound, $"what {number} was is undone");
        }
        TestContext.Current.SendDiagnosticMessage(string.Join(", ", statuses.Select(s => $"{s.Key}: {s.Value}")));
        statuses.Should().ContainKeys(HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity);
        (await daemon.GetAsync("/metrics")).Should().NotContain("metricsd_faults_total{");
        (await SoundAsync()).Should().Be(sound);

        async Task<HttpStatusCode> ReloadAsync()
        {
            using HttpResponseMessage answer = await daemon.Http.PostAsync(daemon.Url("/-/reload"), null);
            return answer.StatusCode;
        }

        async Task<string> SoundAsync() => string.Join('\n', (await daemon.GetAsync("/api/v1/rules")).Split("\"name\":\"").Skip(1)
            .Select(r => r.Split('"')[0]));
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private static async Task ReloadBySignalAsync(Daemon daemon)
    {
        int before = Reloads();
        string id = daemon.ProcessId.ToString(CultureInfo.InvariantCulture);
        (await Component.RunAsync("kill", "", "-HUP", id)).Code.Should().Be(0);
        await Eventually.Async(() => Reloads() > before, "it says what came of the signal");

        int Reloads() => daemon.Log.Split("The configuration is ").Length;
    }
}
