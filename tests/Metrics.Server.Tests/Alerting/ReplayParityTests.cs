using Metrics.Alerting;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Storage.State;
using Metrics.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Alerting;

/// <summary>The daemon's way to commit alerts and a replay of the same samples: the same messages, word for word.</summary>
public sealed class ReplayParityTests : IDisposable
{
    private const long From = 1_700_000_100_000;
    private const long Step = 15_000;
    private const int Steps = 480;
    private const long To = From + (Steps * Step);
    private const string Receivers = """
        receivers:
          - name: first
            http_configs: [ { url: 'http://127.0.0.1:1/' } ]
            webhook_configs: [ { url: 'http://127.0.0.1:1/', send_resolved: false } ]
          - { name: boss, webhook_configs: [ { url: 'http://127.0.0.1:1/' } ] }
          - { name: rest, email_configs: [ { to: a@x.example, from: m@x.example, smarthost: 'h:25' } ] }

        """;

    private const string Rules = """
        groups:
          - name: g
            interval: 15s
            rules:
              - alert: Hot
                expr: room_temp
                above: 30
                labels: { severity: warning }
                annotations: { summary: "{{ labels.host }} is at {{ value }}" }
              - { alert: VeryHot, expr: room_temp, above: 50, for: 30s, labels: { severity: critical } }
          - name: own
            interval: 1m
            rules:
              - { alert: MetricsdReceiverDown, expr: receiver_down > 0 }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("parity").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeMilliseconds(From));

    [Theory]
    [InlineData("Nobody has acknowledged this for 5m", "rest/email/0 .*MetricsdReceiverDown", """
        route:
          receiver: first
          group_by: [alertname]
          group_wait: 10s
          group_interval: 1m
          repeat_interval: 20m
          escalation: [ { after: 2m, receiver: first }, { after: 3m, receiver: boss }, { after: 5m, receiver: rest } ]
        failure_receiver: rest
        """)]
    [InlineData("A storm: ", "webhook/0 .*VeryHot|rest/email/0 .*VeryHot", """
        storm: { messages: 2, within: 5m }
        route:
          receiver: first
          group_by: ['...']
          group_wait: 0s
          group_interval: 0s
          routes: [ { matchers: ['severity="critical"'], receiver: rest } ]
        """)]
    [InlineData("flapping: the alert begins and ends", "boss/webhook/0 .*rest/email/0 ", """
        flapping: { changes: 3, within: 40m, quiet: 12m }
        inhibit_rules: [ { source_matchers: ['alertname="VeryHot"'], target_matchers: ['alertname="Hot"'], equal: [host] } ]
        route:
          receiver: first
          group_by: [host]
          group_wait: 5s
          group_interval: 30s
          routes: [ { matchers: ['host=~".+"'], receiver: boss, continue: true }, { receiver: rest } ]
        """)]
    [InlineData("first/http/0", "host.:.a.*host.:.b", """
        time_intervals: [ { name: always, time_intervals: [ { times: [ { start_time: '00:00', end_time: '24:00' } ] } ] } ]
        maintenance: [ { name: early, cron: '0 30 22 ? * *', duration: 20m, matchers: ['host="a"'] } ]
        route:
          receiver: first
          group_wait: 0s
          group_interval: 1m
          routes: [ { matchers: ['severity="critical"'], receiver: boss, mute_time_intervals: [always] } ]
        """)]
    public void A_replay_says_the_messages_that_the_daemon_writes(string shown, string pattern, string routes)
    {
        MetricsOptions options = MetricsOptions.Parse($"storage: {{ path: '{_folder}' }}\n{Receivers}{routes}");
        List<string> expected = RunDaemon(options);
        List<string> replayed = RunReplay(options);
        string.Join(' ', expected).Should().Contain(shown, "the case is about that").And.MatchRegex(pattern);
        replayed.Should().Equal(expected);
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private List<string> RunReplay(MetricsOptions options)
    {
        using Head head = Samples();
        var replay = new Replay(ReadRules(), options.Notifications, head, _time);
        ReplayResult result = replay.Run(From, To, NoRuleEnvironment.Instance, _ => { });
        result.Counts.Values.Sum().Should().Be(result.Messages.Count);
        return [.. result.Messages.Select(m => Describe(m.At.Milliseconds, m.To.ToString(), Stored(m)))];

        AlertMessage Stored(ReplayedMessage m) => options.Notifications.Find(m.To)!.Kind.IsBare ? m.Message.ToPublic() : m.Message;
    }

    /// <summary>As the rule engine does it, with time going by as in a replay; what the outbox would send is read from its table.</summary>
    private List<string> RunDaemon(MetricsOptions options)
    {
        using var room = new AlertingRoom(options, _time);
        AlertPersistence alerts = room.Persistence;
        using Head head = Samples();
        var engine = new QueryEngine();
        List<GroupRunner> groups = [.. ReadRules().Select(r => new GroupRunner(r, _time) { NextDue = From })];
        alerts.Restore(groups, new Timestamp(From));
        for (long at = From; at <= To; at = Math.Min(groups.Min(g => g.NextDue), From + ((((at - From) / Step) + 1) * Step)))
        {
            // Samples come each step, and both groups read some of them.
            bool hasArrived = (at - From) % Step == 0;
            foreach (GroupRunner group in groups.Where(g => hasArrived || g.NextDue <= at).OrderBy(g => g.NextDue <= at).ToList())
            {
                if (group.NextDue <= at)
                    group.NextDue = group.BeatAfter(at);
                FlushUntil(at);
                using var output = new SampleBatch("rules");
                var round = new RuleRound(head, at, From, options.Notifications.ExternalUrl);
                var now = new Timestamp(at);
                List<(AlertRuleState, AlertChange)> changes = group.Evaluate(round, s => new LocalQueries(engine, s), output, _time);
                alerts.Take([new GroupEvaluation(group, changes, now, 0)], now);
                alerts.Flush(now);
                head.Append(output, at);
            }
        }
        FlushUntil(To);
        using StateDb db = room.State.Open();
        return
        [
            .. db.Outbox.AsNoTracking().OrderBy(o => o.Id).ToList().Select(o => Describe(
                Math.Max(o.CreatedAt, o.NextTry), o.Target, AlertMessage.FromJson(o.Payload) with { Links = null, AckUrl = null })),
        ];

        void FlushUntil(long until)
        {
            while (alerts.NextDue is var due && due.Milliseconds <= until)
                alerts.Flush(due);
        }
    }

    /// <summary>
    /// Two hours of five hosts: hot for a quarter of each half hour, one hotter than the others, one always; a receiver is down.
    /// </summary>
    private static Head Samples()
    {
        var head = new Head(HeadOptions.Default with { Window = TimeSpan.FromDays(1) });
        for (int i = 0; i <= Steps; i++)
        {
            long at = From + (i * Step);
            using var batch = new SampleBatch("samples");
            foreach (string host in new[] { "a", "b", "c", "d", "e" })
            {
                bool isHot = host == "e" || (i + host[0]) % 120 is >= 20 and < 80;
                double hot = host == "b" ? 60 : 40 + (i / 120);
                batch.Add(Labels.Of(new Label(Labels.MetricName, "room_temp"), new Label("host", host)), at, isHot ? hot : 20);
            }
            Labels down = Labels.Of(new Label(Labels.MetricName, "receiver_down"), new Label("receiver", "boss"));
            batch.Add(down, at, i is > 100 and < 300 ? 1 : 0);
            head.Append(batch, at);
        }
        return head;
    }

    private static IReadOnlyList<RuleGroup> ReadRules()
    {
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> groups = RuleFile.Read(Rules, "rules.yaml", problems);
        problems.Should().BeEmpty();
        return groups;
    }

    private static string Describe(long at, string to, AlertMessage message) => $"{new Timestamp(at)} {to} {message.ToJson()}";
}
