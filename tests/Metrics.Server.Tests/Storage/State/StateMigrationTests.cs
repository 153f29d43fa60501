using Metrics.Alerting;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Metrics.Tests.Alerting;
using Metrics.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Storage.State;

/// <summary>A <c>state.db</c> of the release before, opened by this one (<c>testdata/README.md</c>).</summary>
public sealed class StateMigrationTests : IDisposable
{
    private const string Attic = "f7007031fcdfb8187626290550997484";
    private const string MessageAboutAttic = "151426d3d25e40e4a9ada28019fde431";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 26, 15, 35, 30, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("state").FullName;

    public StateMigrationTests() => File.Copy(Cases.Own("state-04eae5d.db"), StateFile);

    private string StateFile => Path.Combine(_folder, "state.db");

    [Fact]
    public void The_history_of_alerts_reads_as_the_release_before_wrote_it()
    {
        using StateStore store = Open();
        using StateDb db = store.Open();
        string[] expected = File.ReadAllLines(Cases.Own("state-04eae5d.expected"));
        List<string> actual = [];
        foreach (string alert in expected.Where(l => l[0] != ' '))
        {
            actual.Add(alert);
            actual.AddRange(AlertLines.Of(db, alert[..32], 2_000).Select(l => $"  {l.At} {l.What} {l.Text}"));
        }
        actual.Should().Equal(expected);
    }

    [Fact]
    public void Of_a_file_of_the_release_before_that_is_damaged_what_is_sound_is_taken_over_too()
    {
        using (var file = new SqliteConnection($"Data Source={StateFile};Pooling=false"))
        {
            file.Open();
            using SqliteCommand command = file.CreateCommand();
            command.CommandText = "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = replace(sql, '\"Payload\"', '\"Paylo!d\"')";
            command.ExecuteNonQuery();
        }
        using StateStore store = Open();
        using StateDb db = store.Open();
        (db.Alerts.Count(), db.Expected.Count(), db.Silences.Count(), db.Flaps.Count()).Should().Be((7, 1, 1, 13));
        Directory.GetFiles(_folder, "state.db.damaged-*").Should().NotBeEmpty();
    }

    [Fact]
    public async Task Open_alerts_groups_silences_and_acknowledgements_go_on()
    {
        using AlertingRoom daemon = OpenRoom();
        daemon.Active.All.Select(a => $"{a.Name} {a.Alert.State.Name}").Should().BeEquivalentTo(
            "DiskFull firing", "Hot firing", "Hot firing", "Silent firing", "Warm pending", "Warm pending", "Warm pending");
        daemon.Silences.All.Should().ContainSingle().Which.Comment.Should().Be("painting");
        daemon.Acknowledgements.All.Should().ContainKey(AlertId.Parse(Attic)).WhoseValue.By.Should().Be("ann");
        (await daemon.State.AuditAsync(10)).Select(a => $"{a.Who} {a.What}").Should().Equal("127.0.0.1 silenced", "ann acknowledged");
        using StateDb db = daemon.State.Open();
        List<GroupState> groups = db.Groups.AsNoTracking().ToList().ConvertAll(GroupJson.Read);
        groups.Should().HaveCount(4);
        groups.Single(g => g.Key.Labels.ToString().Contains("attic", StringComparison.Ordinal)).Log.Should().ContainSingle()
            .Which.Key.ToString().Should().Be("first/http/0", "nobody is notified twice of what the release before has sent");
        db.Outbox.AsNoTracking().Single().Attempts.Should().Be(5);
    }

    [Fact]
    public async Task A_link_in_a_message_of_the_release_before_leads_to_its_alerts()
    {
        using AlertingRoom daemon = OpenRoom();
        (await daemon.History.OpenOfAsync(MessageAboutAttic)).Should().ContainSingle().Which.Id.Should().Be(AlertId.Parse(Attic));
        (await daemon.History.ExplainAsync("Hot", [])).Select(e => e.State).Should()
            .StartWith(["firing", "firing"]).And.HaveCountGreaterThan(2);
        (await daemon.Rules.LastFiredAsync()).Should().ContainKey(RuleId.Parse("rules.yaml;rooms;Hot"))
            .And.NotContainKey(RuleId.Parse("rules.yaml;rooms;Warm"));
    }

    [Fact]
    public void A_move_that_ends_in_the_middle_is_begun_anew()
    {
        using (StateDb old = Context())
            old.GetService<IMigrator>().Migrate();
        string last = Sql("SELECT max(Id) FROM Trail");
        Sql($"CREATE TRIGGER stop BEFORE INSERT ON AlertSteps WHEN NEW.State = 'resolved' BEGIN SELECT RAISE(ABORT, 'killed'); END");
        FluentActions.Invoking(Open).Should().Throw<StoreException>().WithMessage("*killed*");
        Sql("SELECT (SELECT count(*) FROM AlertSteps) || ' ' || (SELECT max(Id) FROM Trail)").Should().Be($"0 {last}");
        Sql("DROP TRIGGER stop");
        The_history_of_alerts_reads_as_the_release_before_wrote_it();
        Sql("SELECT count(*) FROM sqlite_master WHERE name = 'Trail'").Should().Be("0");
    }

    [Fact]
    public void A_daemon_that_was_killed_while_it_changed_the_tables_does_not_hold_up_the_next()
    {
        Sql("INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-11-26 15:00:00+00:00')");
        using StateStore store = Open();
        using StateDb db = store.Open();
        db.AlertSteps.Count().Should().BePositive();
    }

    [Fact]
    public void A_file_of_a_newer_release_is_refused_and_left_as_it_is()
    {
        Sql("INSERT INTO \"__EFMigrationsHistory\" VALUES ('20991231000000_FromTheFuture', '99')");
        FluentActions.Invoking(Open).Should().Throw<StoreException>()
            .WithMessage("*state.db was written by a newer metricsd (its tables are as of 20991231000000_FromTheFuture)*");
        Sql("SELECT count(*) FROM Trail").Should().NotBe("0");
        Directory.GetFiles(_folder, "*damaged*").Should().BeEmpty();
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private StateStore Open() => AlertingRoom.OpenState(_folder, _time);

    private StateDb Context() => new(new DbContextOptionsBuilder<StateDb>().UseSqlite($"Data Source={StateFile}").Options);

    private string Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={StateFile};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return $"{command.ExecuteScalar()}";
    }

    private AlertingRoom OpenRoom()
    {
        var daemon = new AlertingRoom(
            MetricsOptions.Parse($$"""
                storage: { path: '{{_folder}}' }
                receivers:
                  - { name: first, http_configs: [ { url: 'http://127.0.0.1:1/' } ] }
                  - { name: dead, webhook_configs: [ { url: 'http://127.0.0.1:1/' } ] }
                route:
                  receiver: first
                  group_by: ['...']
                  routes: [ { matchers: ['alertname = Silent'], receiver: dead } ]
                """),
            _time);
        List<GroupRunner> groups = daemon.Read(File.ReadAllText(Cases.Own("state-04eae5d.yaml")));
        daemon.Persistence.Restore(groups, Timestamp.Of(_time.GetUtcNow()));
        return daemon;
    }
}
