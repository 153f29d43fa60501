using System.Net;
using System.Net.Sockets;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Series;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Rules;

/// <summary>Turns of groups: at the interval, on arrival, side by side.</summary>
public sealed class RuleEngineTests
{
    /// <summary>A moment on the beat of the group "g".</summary>
    private static readonly DateTimeOffset s_now = OnBeat(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    private readonly FakeTimeProvider _time = new(s_now);

    [Fact]
    public async Task Only_rules_whose_metrics_arrived_are_evaluated_on_arrival_and_all_at_the_interval()
    {
        await using var harness = new EngineHarness(_time, Group("- { alert: A, expr: a > 1 }\n- { alert: B, expr: b > 1 }"));
        await harness.StartAsync();
        (await harness.NextAsync()).Arrived.Should().Be(0);
        _time.Advance(TimeSpan.FromSeconds(1));
        await harness.SendAsync(("a", 2));
        GroupEvaluation round = await harness.NextAsync();
        round.Arrived.Should().NotBe(0);
        round.Changes.Should().ContainSingle().Which.Rule.Rule.Name.Should().Be("A");
        round.Group.Rules.Select(r => r.LastAt - s_now.ToUnixTimeMilliseconds()).Should().Equal(1000, 0);

        await harness.SendAsync(("c", 1));
        _time.Advance(TimeSpan.FromSeconds(59));
        round = await harness.NextAsync();
        round.Arrived.Should().Be(0, "what nobody reads wakes nobody");
        round.Group.Rules.Select(r => r.LastAt - s_now.ToUnixTimeMilliseconds()).Should().Equal(60_000, 60_000);
    }

    [Fact]
    public async Task Nothing_is_evaluated_on_arrival_without_a_share_and_both_API_and_metrics_can_tell()
    {
        await using var harness = new EngineHarness(_time, Group("- { alert: A, expr: a > 1 }"), ", arrival_share: 0%");
        await harness.StartAsync();
        await harness.NextAsync();
        await harness.SendAsync(("a", 2));
        _time.Advance(TimeSpan.FromSeconds(60));
        GroupEvaluation round = await harness.NextAsync();
        (round.Arrived, round.Changes.Count).Should().Be((0, 1));
        harness.Engine.Schedule.Single().Pace.IsTooDear.Should().BeTrue();
        (await harness.MetricsAsync()).Should().Contain("metricsd_rule_groups_interval_only 1")
            .And.Contain("metricsd_alerts{state=\"firing\"} 1");
    }

    [Fact]
    public async Task Alerts_are_restored_before_the_first_round()
    {
        var restored = new TaskCompletionSource();
        await using var harness = new EngineHarness(_time, Group("- { alert: A, expr: a > 1 }")) { Restored = restored.Task };
        Task started = harness.StartAsync();
        await harness.SendAsync(("a", 2));
        started.IsCompleted.Should().BeFalse();
        harness.Engine.Groups.Single().LastAt.Should().Be(0);
        restored.SetResult();
        await started;
        (await harness.NextAsync()).Changes.Should().ContainSingle();
    }

    [Fact]
    public async Task A_group_that_waits_holds_up_no_other()
    {
        var written = new TaskCompletionSource();
        await using var harness = new EngineHarness(_time, """
            groups:
              - { name: stuck, interval: 15s, rules: [ { alert: A, expr: a > 1 } ] }
              - { name: free, interval: 15s, rules: [ { alert: B, expr: b > 1 } ] }
            """) { Taken = group => group == "stuck" ? written.Task : Task.CompletedTask };
        await harness.StartAsync();
        for (int i = 0; i < 5; i++)
        {
            await harness.NextAsync("free");
            _time.Advance(TimeSpan.FromSeconds(15));
        }
        await harness.NextAsync("free");
        harness.HasMore.Should().BeFalse();
        written.SetResult();
        await harness.NextAsync("stuck");
    }

    [Fact]
    public async Task A_remote_engine_that_hangs_delays_no_other_group()
    {
        using var remote = new RemoteStub();
        await using var harness = new EngineHarness(TimeProvider.System, """
            groups:
              - { name: slow0, interval: 1s, rules: [ { alert: A, expr: slow > 1 } ] }
              - { name: slow1, interval: 1s, rules: [ { alert: A, expr: slow > 1 } ] }
              - { name: slow2, interval: 1s, rules: [ { alert: A, expr: slow > 1 } ] }
              - { name: slow3, interval: 1s, rules: [ { alert: A, expr: slow > 1 } ] }
              - { name: quick, interval: 1s, rules: [ { alert: B, expr: quick > 1 } ] }
            """, $", remote_query: '{remote.Url}'");
        await harness.StartAsync();
        for (int i = 0; i < 3; i++)
            (await harness.NextAsync("quick")).Group.Rules[0].Error.Should().BeNull();
        harness.Engine.Groups.Where(g => g.Group.Name != "quick")
            .Should().OnlyContain(g => g.Rules[0].LastAt == 0, "they wait for their answer still");
    }

    [Fact]
    public async Task Rounds_that_were_missed_are_counted_and_made_up_for_at_their_own_moments()
    {
        await using var harness = new EngineHarness(_time, Group("""
            - { record: r, expr: a }
            - { alert: Long, expr: a > 1, for: 2m }
            - { alert: Now, expr: a > 1 }
            """));
        await harness.StartAsync();
        await harness.NextAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        harness.Slip("a", 2);
        _time.Advance(TimeSpan.FromSeconds(269));
        Timestamp start = Timestamp.Of(s_now);
        (await harness.NextAsync()).Changes.Should().ContainSingle()
            .Which.Change.At.Should().Be(start + TimeSpan.FromMinutes(1), "it is pending since then");
        (await harness.NextAsync()).At.Should().Be(start + TimeSpan.FromMinutes(2));
        GroupEvaluation round = await harness.NextAsync();
        (round.At, round.Changes.Count).Should().Be((start + TimeSpan.FromMinutes(3), 1));
        round.Changes[0].Change.Alert.State.Name.Should().Be("firing", "its two minutes were over then");
        round = await harness.NextAsync();
        (round.At, round.Changes.Count).Should().Be((start + TimeSpan.FromMinutes(4.5), 1));
        round.Changes[0].Rule.Rule.Name.Should().Be("Now", "a rule that fires at once fires now, not in the past");
        string metrics = await harness.MetricsAsync();
        metrics.Should().Contain("metricsd_rule_group_iterations_missed_total{group=\"g\"} 3")
            .And.Contain("metricsd_rule_group_iterations_caught_up_total{group=\"g\"} 3");
        _time.Advance(TimeSpan.FromSeconds(30));
        (await harness.NextAsync()).At.Should().Be(start + TimeSpan.FromMinutes(5), "the beat goes on as it was");
    }

    [Fact]
    public async Task A_restart_counts_what_it_missed()
    {
        var head = new Head(HeadOptions.Default);
        await using (var before = new EngineHarness(_time, Group("- { record: r, expr: a }"), head: head))
        {
            await before.StartAsync();
            await before.NextAsync();
        }
        _time.Advance(TimeSpan.FromMinutes(3.5));
        await using var after = new EngineHarness(_time, Group("- { record: r, expr: a }"), head: head);
        await after.StartAsync();
        (await after.NextAsync()).At.Should().Be(Timestamp.Of(s_now) + TimeSpan.FromMinutes(1));
        (await after.MetricsAsync()).Should().Contain("metricsd_rule_group_iterations_missed_total{group=\"g\"} 2");
        head.Find(Labels.Of(LastRounds.Metric, ("job", "metricsd"), ("rule_group", "rules.yaml;g"))).Should().NotBeNull();
    }

    [Fact]
    public async Task A_reload_leaves_groups_alone_that_did_not_change()
    {
        const string Same = "groups:\n  - name: g\n    interval: 1m\n    rules:\n      - { alert: A, expr: a > 1, for: 10m }\n";
        const string Other = "  - { name: h, interval: 1m, rules: [ { record: r, expr: b } ] }\n";
        await using var harness = new EngineHarness(_time, Same + Other);
        await harness.StartAsync();
        await harness.NextAsync("g");
        await harness.NextAsync("h");
        await harness.SendAsync(("a", 2));
        GroupRunner before = (await harness.NextAsync("g")).Group;
        _time.Advance(TimeSpan.FromSeconds(1));

        harness.Replace(Same + Other.Replace("expr: b", "expr: 2 * b", StringComparison.Ordinal));
        (await harness.NextAsync("h")).Group.Rules[0].Rule.Text.Should().Be("2 * b", "what changed is evaluated at once");
        harness.HasMore.Should().BeFalse("what did not change is not");
        harness.Engine.Groups[0].Should().BeSameAs(before);
        before.Alerting[0].Alerts.Should().ContainSingle().Which.State.Name.Should().Be("pending");
        await harness.SendAsync(("a", 3));
        (await harness.NextOnArrivalAsync(_time)).Group.Should().BeSameAs(before, "it is still evaluated on arrival");
        _time.Advance(s_now.AddMinutes(1) - _time.GetUtcNow());
        (await harness.NextAsync("g")).At.Should().Be(Timestamp.Of(s_now.AddMinutes(1)), "its beat goes on");
    }

    [Fact]
    public async Task A_group_that_only_moved_in_its_file_keeps_its_beat()
    {
        await using var harness = new EngineHarness(_time, Group("- { record: r, expr: a }"));
        await harness.StartAsync();
        await harness.NextAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        harness.Replace("# A comment.\n" + Group("- { record: r, expr: a }"));
        harness.Replace("# Two\n# lines.\n" + Group("- { record: r, expr: a }"));
        _time.Advance(TimeSpan.FromSeconds(59));
        GroupEvaluation round = await harness.NextAsync();
        var later = Timestamp.Of(s_now.AddMinutes(1));
        (round.At, round.Group.LastAt).Should().Be((later, later.Milliseconds));
    }

    [Fact]
    public async Task A_reload_does_not_end_a_round_of_a_group_that_stays()
    {
        var written = new TaskCompletionSource();
        const string Rules = "groups:\n  - { name: stuck, interval: 1m, rules: [ { record: r, expr: a } ] }\n";
        await using var harness = new EngineHarness(_time, Rules) { Taken = _ => written.Task };
        await harness.StartAsync();
        harness.Replace(Rules + "  - { name: more, interval: 1m, rules: [ { record: s, expr: a } ] }\n");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (harness.Engine.Groups.Count < 2)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        written.SetResult();
        await harness.NextAsync("stuck");
    }

    private static DateTimeOffset OnBeat(DateTimeOffset about)
    {
        RuleGroup group = RuleFile.Read(Group("- { record: r, expr: a }"), "rules.yaml", []).Single();
        long beat = new GroupRunner(group, TimeProvider.System).BeatAfter(about.ToUnixTimeMilliseconds());
        return DateTimeOffset.FromUnixTimeMilliseconds(beat);
    }

    private static string Group(string rules) =>
        $"groups:\n  - name: g\n    interval: 1m\n    rules:\n      {rules.ReplaceLineEndings("\n      ")}\n";

    /// <summary>Answers with nothing, but to questions about <c>slow</c> never.</summary>
    private sealed class RemoteStub : IDisposable
    {
        private readonly HttpListener _listener = new();

        public RemoteStub()
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            probe.Stop();
            _listener.Prefixes.Add(Url);
            _listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public string Url { get; }

        public void Dispose() => ((IDisposable)_listener).Dispose();

        private async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                if ((await reader.ReadToEndAsync()).Contains("slow", StringComparison.Ordinal))
                    continue;
                byte[] answer = """{"status":"success","data":{"resultType":"vector","result":[]}}"""u8.ToArray();
                await context.Response.OutputStream.WriteAsync(answer);
                context.Response.Close();
            }
        }
    }
}
