using System.Data.Common;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Storage;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Storage.State;

/// <summary>What happened to alerts, in its tables.</summary>
public sealed class HistoryTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("history").FullName;
    private readonly StateStore _store;

    public HistoryTests()
    {
        StorageOptions options = MetricsOptions.Parse($"storage: {{ path: '{_folder}' }}").Storage;
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        _store = new StateStore(options, new StateMetrics(new MetricRegistry()), lifetime, _time, NullLogger<StateStore>.Instance);
        _store.Prepare();
    }

    [Fact]
    public void Lines_of_one_moment_are_in_the_order_of_things_and_those_of_others_are_not_there()
    {
        _store.Write(writer =>
        {
            writer.Save(new DeliveryTryRow { At = 5, Message = "k1", Integration = "ops/email/0", Status = "sent" });
            Notify(writer, 1, "k1", 5, "a", "b");
            Notify(writer, 2, "k1", 5, "b");
            writer.Save(new AlertNoteRow { At = 5, Alert = "a", What = "grouped", Text = "goes to ops" });
            writer.Save(Step("a", 4));
            writer.Save(Step("a", 5));
            writer.Save(Step("b", 5));
            writer.Save(new DeliveryTryRow { At = 6, Message = "k2", Integration = "ops/email/0", Status = "sent" });
        });
        using StateDb db = _store.Open();
        AlertLines.Of(db, "a", 10).Select(l => $"{l.At.Milliseconds} {l.What} {l.Text}").Should().Equal(
            "4 firing hot", "5 firing hot", "5 grouped goes to ops",
            "5 message to ops/email/0: 2 firing, 0 over (key k1)", "5 sent ops/email/0");
        AlertLines.Of(db, "a", 1).Select(l => $"{l.At.Milliseconds} {l.What}")
            .Should().Equal("5 firing", "5 grouped", "5 message", "5 sent");
    }

    [Fact]
    public void A_message_is_in_the_history_of_every_alert_that_it_was_about_not_only_of_those_that_were_new()
    {
        _store.Write(writer =>
        {
            Notify(writer, 1, "k1", 1, ["a"], ["a"]);
            Notify(writer, 2, "k2", 2, ["a", "b"], ["b"]);
            Notify(writer, 3, "k3", 3, ["b"], []);
            Notify(writer, 4, "k4", 4, ["a", "b"], ["a"]);
        });
        using StateDb db = _store.Open();
        AlertLines.Of(db, "a", 10).Select(l => l.At.Milliseconds).Should().Equal(1, 2, 4);
        AlertLines.Of(db, "b", 10).Select(l => l.At.Milliseconds).Should().Equal(2, 3, 4);
    }

    [Fact]
    public void Every_question_about_an_alert_is_answered_by_an_index()
    {
        _store.Write(writer => Notify(writer, 1, "k1", 1, "a"));
        var plans = new PlanCollector();
        string connection = $"Data Source={Path.Combine(_folder, "state.db")}";
        using var db = new StateDb(new DbContextOptionsBuilder<StateDb>().UseSqlite(connection).AddInterceptors(plans).Options);
        AlertLines.Of(db, "a", 10);
        AlertHistory.StepsOfRule(db, "Hot", 10);
        AlertHistory.MembersOf(db, "k1");
        plans.Steps.Should().HaveCountGreaterThan(7).And.NotContain(s => s.StartsWith("SCAN", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_old_is_given_up_and_of_what_is_too_much_the_oldest()
    {
        _store.Write(writer =>
        {
            for (int at = 0; at < 10; at++)
            {
                writer.Save(Step("a", at));
                Notify(writer, at + 1, $"k{at}", at, "a");
            }
            writer.Save(new RuleFiringRow { Rule = "old", FiredAt = 3 });
            writer.Save(new RuleFiringRow { Rule = "new", FiredAt = 4 });
        });
        _store.Write(writer => writer.Run(db => db.TrimHistory(before: 4, max: 100)));
        using StateDb db = _store.Open();
        db.AlertSteps.Select(s => s.At).Should().Equal(4, 5, 6, 7, 8, 9);
        db.NotificationAlerts.Select(n => n.At).Should().Equal(4, 5, 6, 7, 8, 9);
        db.RuleFirings.Select(f => f.Rule).Should().Equal("new");
        _store.Write(writer => writer.Run(d => d.TrimHistory(before: 4, max: 2)));
        db.AlertSteps.Select(s => s.At).Should().Equal(8, 9);
        db.Notifications.Select(n => n.At).Should().Equal(8, 9);
        _store.Write(writer => writer.Run(d => d.TrimHistory(before: 100, max: 2)));
        db.AlertSteps.Should().BeEmpty();
        db.Notifications.Should().BeEmpty();
    }

    public void Dispose()
    {
        _store.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private static AlertStepRow Step(string alert, long at) =>
        new() { At = at, Alert = alert, Rule = "f;g;Hot", RuleName = "Hot", Series = "{}", State = "firing", Text = "hot" };

    private static void Notify(StateWriter writer, long id, string key, long at, params string[] alerts) =>
        Notify(writer, id, key, at, alerts, alerts);

    /// <param name="begun">Of the alerts those that the notification before was not about.</param>
    private static void Notify(StateWriter writer, long id, string key, long at, string[] alerts, string[] begun)
    {
        writer.Save(new NotificationRow
        {
            Id = id, At = at, Key = key, Integration = "ops/email/0", GroupKey = "{}", Firing = alerts.Length,
            Alerts = string.Join(' ', alerts),
        });
        foreach (string alert in begun)
            writer.Save(new NotificationAlertRow { At = at, Notification = id, Alert = alert });
    }

    /// <summary>Asks SQLite how it would answer each query.</summary>
    /// <remarks>https://www.sqlite.org/eqp.html</remarks>
    private sealed class PlanCollector : DbCommandInterceptor
    {
        public List<string> Steps { get; } = [];

        public override InterceptionResult<DbDataReader> ReaderExecuting(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
        {
            using DbCommand explain = command.Connection!.CreateCommand();
            explain.CommandText = $"EXPLAIN QUERY PLAN {command.CommandText}";
            foreach (SqliteParameter parameter in command.Parameters)
                explain.Parameters.Add(new SqliteParameter(parameter.ParameterName, parameter.Value));
            using DbDataReader reader = explain.ExecuteReader();
            while (reader.Read())
                Steps.Add(reader.GetString(3));
            return result;
        }
    }
}
