using Metrics.Hosting;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Rules.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Alerting;

/// <summary>What rules have learned, in the real state file: it is there again after a restart, and what is forgotten leaves it.</summary>
public sealed class RuleMemoryTests : IDisposable
{
    private const string Rules =
        "groups: [ { name: g, rules: [ { alert: Silent, expr: lines, learned: { silence: true, window: 1h, min_history: 30d } } ] } ]";

    private const string Absent =
        "groups: [ { name: g, rules: [ { alert: Gone, expr: sum by (service) (lines), absent_for: 1m } ] } ]";

    private static readonly QueryEngine s_engine = new();

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("memory").FullName;
    private readonly MemorySeries _series = new();

    [Fact]
    public void What_was_learned_is_there_after_a_restart_and_what_is_forgotten_leaves_the_file()
    {
        using (AlertingRoom room = Open(out GroupRunner rules))
        {
            Evaluate(room, rules, "api", "cron");
            Learned().Should().Be("""{"service":"api"} {"service":"cron"}""");
            _time.Advance(TimeSpan.FromDays(20));
            Evaluate(room, rules, "cron");
        }
        using AlertingRoom next = Open(out GroupRunner again);
        _time.Advance(TimeSpan.FromDays(20));
        Evaluate(next, again);
        Learned().Should().Be("""{"service":"cron"}""", "nothing came of the other for forty days, half of them before the restart");
    }

    [Fact]
    public void What_was_learned_of_another_window_is_not_put_back_and_leaves_the_file()
    {
        using (AlertingRoom room = Open(out GroupRunner rules))
            Evaluate(room, rules, "api", "cron");
        using AlertingRoom next = Open(out GroupRunner again, Rules.Replace("1h", "2h", StringComparison.Ordinal));
        Evaluate(next, again, "api");
        Learned("Model").Should().StartWith("2h ").And.NotContain("1h ");
        Learned().Should().Be("""{"service":"api"}""", "the rule never saw the other with this window");
    }

    [Fact]
    public void What_was_written_before_windows_were_is_of_the_rule_as_it_is()
    {
        using (AlertingRoom room = Open(out GroupRunner rules))
            Evaluate(room, rules, "api", "cron");
        Run("UPDATE Learned SET Model = substr(Model, 21)");
        using AlertingRoom next = Open(out GroupRunner again);
        Evaluate(next, again, "api");
        Learned("Model").Should().Contain("1h ");
        Learned().Should().Be("""{"service":"api"} {"service":"cron"}""");
    }

    [Fact]
    public void What_was_learned_of_another_expression_is_not_put_back_and_leaves_the_file()
    {
        using (AlertingRoom room = Open(out GroupRunner rules))
            Evaluate(room, rules, "api", "cron");
        string other = Rules.Replace("expr: lines", "expr: sum by (service) (lines)", StringComparison.Ordinal);
        using AlertingRoom next = Open(out GroupRunner again, other);
        Evaluate(next, again, "api");
        Learned().Should().Be("""{"service":"api"}""", "the rule never saw the other by this expression");
    }

    [Fact]
    public void What_was_written_before_expressions_were_is_of_the_rule_as_it_is()
    {
        using (AlertingRoom room = Open(out GroupRunner rules))
            Evaluate(room, rules, "api", "cron");
        Run("UPDATE Learned SET Model = '1h ' || substr(Model, 21)");
        using AlertingRoom next = Open(out GroupRunner again);
        Evaluate(next, again, "api");
        Learned("Model").Should().MatchRegex("^1h [0-9a-f]{16} [^ ]+ 1h [0-9a-f]{16} [^ ]+$");
        Learned().Should().Be("""{"service":"api"} {"service":"cron"}""");
    }

    [Theory]
    [InlineData("Model = '1h ' || substr(Model, 21)")]
    [InlineData("Model = substr(Model, 21)")]
    public void What_was_written_before_expressions_were_is_not_put_back_by_a_reload_with_another(string older)
    {
        using AlertingRoom room = Open(out GroupRunner before);
        Evaluate(room, before, "api", "cron");
        Run($"UPDATE Learned SET {older}");
        GroupRunner same = Reload(room, Rules, before);
        GroupRunner after = Reload(room, Rules.Replace("expr: lines", "expr: sum by (service) (lines)", StringComparison.Ordinal), same);
        Evaluate(room, after, "api");
        Learned().Should().Be("""{"service":"api"}""", "the rule never saw the other by this expression");
    }

    [Fact]
    public void A_restart_expects_nothing_that_another_expression_gave_and_that_leaves_the_file()
    {
        using (AlertingRoom room = Open(out GroupRunner rules, Absent))
        {
            Evaluate(room, rules, "api");
            Take(room, rules);
        }
        using (Open(out GroupRunner same, Absent.Replace("1m", "2m", StringComparison.Ordinal)))
            ExpectedOf(same).Should().ContainSingle();
        using AlertingRoom next = Open(out GroupRunner other, Absent.Replace("(lines)", "(rows)", StringComparison.Ordinal));
        ExpectedOf(other).Should().BeEmpty();
        Evaluate(next, other);
        Take(next, other);
        Run("SELECT count(*) FROM Expected").Should().Be("0");
    }

    [Fact]
    public void What_was_expected_before_expressions_were_written_is_expected_on_and_written_with_its_expression()
    {
        using (AlertingRoom room = Open(out GroupRunner rules, Absent))
        {
            Evaluate(room, rules, "api");
            Take(room, rules);
        }
        string digest = Run("SELECT Digest FROM Expected");
        digest.Should().HaveLength(16);
        Run("UPDATE Expected SET Digest = NULL");
        using AlertingRoom next = Open(out GroupRunner same, Absent);
        ExpectedOf(same).Should().ContainSingle();
        Take(next, same);
        Run("SELECT Digest FROM Expected").Should().Be(digest);
    }

    [Fact]
    public void A_reload_expects_nothing_that_another_expression_gave()
    {
        using AlertingRoom room = Open(out GroupRunner before, Absent);
        Evaluate(room, before, "api");
        Take(room, before);
        GroupRunner same = Reload(room, Absent.Replace("1m", "2m", StringComparison.Ordinal), before);
        ExpectedOf(same).Should().ContainSingle();
        GroupRunner after = Reload(room, Absent.Replace("(lines)", "(rows)", StringComparison.Ordinal), same);
        ExpectedOf(after).Should().BeEmpty();
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private GroupRunner Reload(AlertingRoom room, string rules, GroupRunner old)
    {
        GroupRunner fresh = room.Read(rules).Single();
        fresh.TakeOverFrom(old);
        room.Persistence.Restore([fresh], Timestamp.Of(_time.GetUtcNow()));
        return fresh;
    }

    private AlertingRoom Open(out GroupRunner rules, string text = Rules)
    {
        var room = new AlertingRoom(MetricsOptions.Parse($"storage: {{ path: '{_folder}' }}"), _time);
        rules = room.Read(text).Single();
        room.Persistence.Restore([rules], Timestamp.Of(_time.GetUtcNow()));
        return room;
    }

    /// <summary>A round in which these are heard; what was learned is written then.</summary>
    private void Evaluate(AlertingRoom room, GroupRunner rules, params string[] services)
    {
        _time.Advance(TimeSpan.FromHours(1));
        Timestamp now = Timestamp.Of(_time.GetUtcNow());
        foreach (string service in services)
            _series.Add(Labels.Of("lines", ("service", service)), now.Milliseconds, 5);
        using var output = new SampleBatch("rules");
        rules.Evaluate(new RuleRound(_series, now.Milliseconds), s => new LocalQueries(s_engine, s), output, _time);
        rules.Alerting.Single().Error.Should().BeNull();
        room.Persistence.Flush(now);
    }

    /// <summary>Has what a round of these rules gave written.</summary>
    private void Take(AlertingRoom room, GroupRunner rules)
    {
        Timestamp now = Timestamp.Of(_time.GetUtcNow());
        room.Persistence.Take([new GroupEvaluation(rules, [], now, 0)], now);
    }

    private static IReadOnlyList<ExpectedSeries> ExpectedOf(GroupRunner rules) => ((AbsenceMemory)rules.Alerting[0].Memory).Expected;

    /// <summary>The series of which something is kept, or what.</summary>
    private string Learned(string column = "Series") =>
        Run($"SELECT group_concat({column}, ' ') FROM (SELECT {column} FROM Learned ORDER BY Series)");

    private string Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "state.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return $"{command.ExecuteScalar()}";
    }
}
