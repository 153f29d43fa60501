using Metrics.Alerting;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Rules;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Alerting;

/// <summary>The one hand that writes alerts: what belongs together is written together, and what is queued is not lost.</summary>
public sealed class AlertWriterTests : IDisposable
{
    private const string Rules = """
        groups:
          - { name: one, rules: [ { alert: Hot, expr: room_temp, above: 30 } ] }
          - { name: two, rules: [ { alert: Wet, expr: room_water, above: 1 } ] }
        """;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 26, 15, 0, 0, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("writer").FullName;
    private readonly AlertingRoom _room;
    private readonly List<GroupRunner> _groups;

    public AlertWriterTests()
    {
        _room = Open();
        _groups = _room.Read(Rules);
    }

    private Timestamp Now => Timestamp.Of(_time.GetUtcNow());

    [Fact]
    public async Task What_several_groups_and_others_bring_in_one_look_is_one_transaction_with_its_messages()
    {
        Task restored = _room.Writer.RestoreAsync(_groups, Now, CancellationToken.None);
        foreach (GroupRunner group in _groups)
            await _room.Writer.TakeAsync(Fires(group), CancellationToken.None);
        Task sent = _room.Inbox.PutAsync([Sent("Foreign")], CancellationToken.None);
        Sql("CREATE TRIGGER stop BEFORE INSERT ON Alerts WHEN NEW.Alert LIKE '%Wet%' BEGIN INSERT INTO Missing VALUES (1); END");
        await _room.Writer.StartAsync(CancellationToken.None);
        await restored;
        await FluentActions.Awaiting(() => sent).Should().ThrowAsync<SqliteException>("nobody hears that it is written before it is");
        Sql("SELECT (SELECT count(*) FROM Alerts) || ' ' || (SELECT count(*) FROM Outbox)").Should().Be("0 0");
    }

    [Fact]
    public async Task A_row_that_the_database_refuses_costs_itself_and_keeps_nobody_from_being_told()
    {
        Sql("CREATE TRIGGER stop BEFORE INSERT ON Alerts WHEN NEW.Alert LIKE '%Wet%' BEGIN SELECT RAISE(ABORT, 'no'); END");
        await _room.Writer.StartAsync(CancellationToken.None);
        await _room.Writer.RestoreAsync(_groups, Now, CancellationToken.None);
        foreach (GroupRunner group in _groups)
            await _room.Writer.TakeAsync(Fires(group), CancellationToken.None);
        await _room.Inbox.PutAsync([Sent("Foreign")], CancellationToken.None);
        await Eventually.Async(
            () => Sql("SELECT (SELECT count(*) FROM Alerts) || ' ' || (SELECT count(*) > 0 FROM Outbox)") == "2 1", "the others are written");
        _room.Registry.Faults.Failing(_time).Should().ContainSingle().Which.Room.Should().Be("state");
        await _room.Writer.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Who_sends_is_answered_when_it_is_written_together_with_its_message()
    {
        await _room.Writer.StartAsync(CancellationToken.None);
        await _room.Writer.RestoreAsync(_groups, Now, CancellationToken.None);
        await _room.Inbox.PutAsync([Sent("Foreign")], CancellationToken.None);
        Sql("SELECT (SELECT count(*) FROM Alerts) || ' ' || (SELECT count(*) FROM Outbox)").Should().Be("1 1");
        await _room.Writer.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task What_is_queued_when_it_stops_is_still_written()
    {
        await _room.Writer.StartAsync(CancellationToken.None);
        await _room.Writer.RestoreAsync(_groups, Now, CancellationToken.None);
        for (int i = 0; i < 3 * AlertWriter.QueueCapacity; i++)
            await _room.Writer.TakeAsync(Fires(_groups[0], $"h{i}"), CancellationToken.None);
        await _room.Writer.StopAsync(CancellationToken.None);
        Sql("SELECT count(*) FROM Alerts").Should().Be($"{3 * AlertWriter.QueueCapacity}");
    }

    [Fact]
    public async Task While_the_queue_is_full_those_who_bring_rounds_wait()
    {
        for (int i = 0; i < AlertWriter.QueueCapacity; i++)
            await _room.Writer.TakeAsync(Fires(_groups[0], $"h{i}"), CancellationToken.None);
        Task further = _room.Writer.TakeAsync(Fires(_groups[1]), CancellationToken.None).AsTask();
        further.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_round_that_changed_nothing_is_not_queued()
    {
        for (int i = 0; i <= AlertWriter.QueueCapacity; i++)
        {
            ValueTask taken = _room.Writer.TakeAsync(new GroupEvaluation(_groups[0], [], Now, 0), CancellationToken.None);
            taken.IsCompleted.Should().BeTrue();
            await taken;
        }
    }

    [Fact]
    public async Task A_rule_that_is_gone_ends_its_alerts_in_one_transaction_with_the_message_and_the_history_says_so()
    {
        _room.Persistence.Restore(_groups, Now);
        _room.Persistence.Take([Fires(_groups[0])], Now);
        _room.Persistence.Flush(Now);
        Sql("SELECT count(*) FROM Outbox").Should().Be("1");
        Sql("CREATE TRIGGER stop BEFORE INSERT ON Outbox BEGIN INSERT INTO Missing VALUES (1); END");
        _time.Advance(TimeSpan.FromMinutes(1));
        using (AlertingRoom killed = Open())
        {
            FluentActions.Invoking(() => killed.Persistence.Restore([_groups[1]], Now)).Should().Throw<SqliteException>();
        }
        Sql("SELECT count(*) FROM Alerts").Should().Be("1", "its end is not remembered as long as nobody is notified of it");
        Sql("DROP TRIGGER stop");
        using AlertingRoom next = Open();
        next.Persistence.Restore([_groups[1]], Now);
        Sql("SELECT (SELECT count(*) FROM Alerts) || ' ' || (SELECT count(*) FROM Outbox)").Should().Be("0 2");
        (await next.History.ExplainAsync("Hot", [])).Should().ContainSingle()
            .Which.Lines.Should().Contain(l => l.What == "retired" && l.Text == "the rule, or what it watches, is no longer there");
    }

    public void Dispose()
    {
        _room.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private AlertingRoom Open() => new(
        MetricsOptions.Parse($$"""
            storage: { path: '{{_folder}}' }
            receivers: [ { name: ops, webhook_configs: [ { url: 'http://127.0.0.1:1/' } ] } ]
            """),
        _time);

    private GroupEvaluation Fires(GroupRunner group, string host = "a")
    {
        AlertRuleState rule = group.Alerting.Single();
        Label label = new("host", host);
        var alert = new AlertInstance
        {
            Series = Labels.Of(label),
            Labels = Labels.Of(label, new Label("alertname", rule.Rule.Name)),
            State = new AlertState.Firing(Now.Milliseconds, Now.Milliseconds),
        };
        return new GroupEvaluation(group, [(rule, new AlertChange(alert, new AlertState.Inactive(), Now))], Now, 0);
    }

    private SentAlert Sent(string name) => new(
        Labels.Of(new Label("alertname", name)), new Dictionary<string, string>(), Now, Now + TimeSpan.FromHours(1), null);

    private string Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "state.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return $"{command.ExecuteScalar()}";
    }
}
