using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Storage;

public sealed class StateStoreTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly StateMetrics _metrics = new(new MetricRegistry());
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("state").FullName;

    [Fact]
    public void The_migrations_make_the_tables_that_the_model_wants()
    {
        StateStore store = Open();
        using StateDb db = store.Open();
        List<string> migrated = Columns(db);
        string fresh = $"Data Source={Path.Combine(_folder, "fresh.db")}";
        using var wanted = new StateDb(new DbContextOptionsBuilder<StateDb>().UseSqlite(fresh).Options);
        wanted.GetService<IRelationalDatabaseCreator>().EnsureCreated();
        migrated.Should().HaveCountGreaterThan(20).And.Equal(Columns(wanted));
    }

    [Fact]
    public void A_file_from_before_there_were_migrations_keeps_what_it_holds()
    {
        using (var old = new SqliteConnection($"Data Source={Path.Combine(_folder, "state.db")}"))
        {
            old.Open();
            using SqliteCommand command = old.CreateCommand();
            command.CommandText = """
                CREATE TABLE "Alerts" ("Rule" TEXT NOT NULL, "Series" TEXT NOT NULL, "Alert" TEXT NOT NULL, "NotifiedAt" INTEGER NOT NULL, CONSTRAINT "PK_Alerts" PRIMARY KEY ("Rule", "Series"));
                CREATE TABLE "Expected" ("Rule" TEXT NOT NULL, "Series" TEXT NOT NULL, "LastSeen" INTEGER NOT NULL, CONSTRAINT "PK_Expected" PRIMARY KEY ("Rule", "Series"));
                CREATE TABLE "Outbox" ("Id" INTEGER NOT NULL CONSTRAINT "PK_Outbox" PRIMARY KEY AUTOINCREMENT, "Target" TEXT NOT NULL, "Payload" TEXT NOT NULL, "IdempotencyKey" TEXT NOT NULL,
                  "CreatedAt" INTEGER NOT NULL, "Attempts" INTEGER NOT NULL, "NextTry" INTEGER NOT NULL, "LastError" TEXT NULL);
                CREATE INDEX "IX_Outbox_NextTry" ON "Outbox" ("NextTry");
                INSERT INTO "Alerts" VALUES ('f;g;r', '{}', '{}', 5);
                """;
            command.ExecuteNonQuery();
        }
        StateStore store = Open();
        using StateDb db = store.Open();
        db.Alerts.Single().Rule.Should().Be("f;g;r");
        db.Silences.Count().Should().Be(0);
        Open();
    }

    [Fact]
    public void A_damaged_file_is_set_aside_and_a_new_one_begun()
    {
        string file = Path.Combine(_folder, "state.db");
        File.WriteAllText(file, "this is no database, and long enough to be looked at as one " + new string('x', 5000));
        StateStore store = Open();
        using StateDb db = store.Open();
        db.Alerts.Count().Should().Be(0);
        File.ReadAllText(Directory.GetFiles(_folder, "state.db.damaged-*").Should().ContainSingle().Subject).Should()
            .StartWith("this is no database");
    }

    [Theory]
    [InlineData("\"Payload\"", "\"Paylo!d\"")]
    [InlineData("\"Outbox\"", "\"Outboy\"")]
    public void A_flipped_bit_in_a_name_keeps_nothing_from_starting(string name, string flipped)
    {
        Open().Write(w => w.Save(new AckRow { Alert = "a", By = "me", Comment = "" }));
        SqliteConnection.ClearAllPools();
        using (var file = new SqliteConnection($"Data Source={Path.Combine(_folder, "state.db")};Pooling=false"))
        {
            file.Open();
            using SqliteCommand command = file.CreateCommand();
            command.CommandText = $"PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = replace(sql, '{name}', '{flipped}') "
                + "WHERE name = 'Outbox'";
            command.ExecuteNonQuery();
        }
        StateStore store = Open();
        using StateDb db = store.Open();
        db.Acknowledgements.Single().By.Should().Be("me", "what is sound is taken over");
        db.Outbox.Count(o => o.Payload != "").Should().Be(0);
        Directory.GetFiles(_folder, "state.db.damaged-*").Should().NotBeEmpty();
    }

    [Fact]
    public void What_was_removed_stays_open_until_there_is_room_for_it()
    {
        StateStore store = Open();
        store.Write(w => w.Save(new AckRow { Alert = "a", By = "me", Comment = "" }));
        File.Delete(Path.Combine(_folder, "state.db"));
        string obstacle = Directory.CreateDirectory(Path.Combine(_folder, "state.db.new")).FullName;
        Action restore = () => store.Restore("it was removed");
        restore.Should().Throw<UnauthorizedAccessException>();
        store.Write(w => w.Save(new AckRow { Alert = "b", By = "me", Comment = "" }));
        Directory.Delete(obstacle);
        restore();
        SqliteConnection.ClearAllPools();
        using StateDb db = store.Open();
        db.Acknowledgements.Count().Should().Be(2);
    }

    [Fact]
    public async Task What_cannot_be_written_waits_until_it_can()
    {
        StateStore store = Open();
        SqliteConnection.ClearAllPools();
        Directory.Move(_folder, _folder + ".away");
        int asked = 0;
        Task written = Task.Run(() => store.Write(writer =>
        {
            asked++;
            writer.Save(new OutboxRow { Target = "mail", Payload = "{}", IdempotencyKey = "key", CreatedAt = 1, NextTry = 1 });
            writer.ChangeMessage("key", "{ }");
        }), TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => _metrics.Failures.Value > 0, s_patience).Should().BeTrue("the first try has failed");
        Directory.Move(_folder + ".away", _folder);
        SpinWait.SpinUntil(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return written.IsCompleted;
        }, s_patience).Should().BeTrue("it is tried again");
        await written;
        asked.Should().Be(1, "what was decided is not decided anew");
        using StateDb db = store.Open();
        db.Outbox.Single().Payload.Should().Be("{ }");
    }

    [Fact]
    public async Task What_cannot_be_written_for_long_goes_to_memory_whoever_writes_it()
    {
        using StateStore store = Open();
        SqliteConnection.ClearAllPools();
        Directory.Move(_folder, _folder + ".away");
        await File.WriteAllTextAsync(_folder, "");
        await FluentActions.Awaiting(() => SaveAsync("refused")).Should().ThrowAsync<StateUnavailableException>();
        store.IsInMemory.Should().BeFalse("it may be for a moment");
        _time.Advance(s_patience);
        await SaveAsync("meanwhile");
        store.IsInMemory.Should().BeTrue();

        store.TryLeaveMemory();
        store.IsInMemory.Should().BeTrue("there is no way back yet");
        File.Delete(_folder);
        Directory.Move(_folder + ".away", _folder);
        store.TryLeaveMemory();
        store.IsInMemory.Should().BeFalse();
        using StateStore again = Open();
        using StateDb db = again.Open();
        db.Acknowledgements.Single().Alert.Should().Be("meanwhile");

        async Task SaveAsync(string alert)
        {
            Task saved = store.WriteAsync(w => w.Save(new AckRow { Alert = alert, By = "me", Comment = "" }));
            SpinWait.SpinUntil(() =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(10));
                return saved.IsCompleted;
            }, s_patience).Should().BeTrue("it is written or refused");
            await saved;
        }
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private StateStore Open()
    {
        var store =
            new StateStore(
                MetricsOptions.Parse($"storage: {{ path: '{_folder}' }}").Storage, _metrics,
                new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance), _time, NullLogger<StateStore>.Instance);
        store.Prepare();
        return store;
    }

    /// <summary>Every column and index, as SQLite describes it; the order of columns is of no account.</summary>
    private static List<string> Columns(StateDb db) =>
    [
        .. db.Database.SqlQueryRaw<string>("SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk AS "
            + "Value FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name "
            + "NOT LIKE '\\_\\_EF%' ESCAPE '\\' ORDER BY 1").ToList(),
        .. db.Database.SqlQueryRaw<string>("SELECT name AS Value FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite%' ORDER "
            + "BY 1").ToList(),
    ];
}
