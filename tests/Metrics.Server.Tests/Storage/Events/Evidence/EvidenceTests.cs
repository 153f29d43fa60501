using DuckDB.NET.Data;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Storage.Events.Evidence;
using Metrics.Storage.State;
using Metrics.Tests.Alerting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Metrics.Tests.Storage.Events.EventLogFolder;

namespace Metrics.Tests.Storage.Events.Evidence;

/// <summary>Whoever alters what the event log says of a day that has ended is found.</summary>
public sealed class EvidenceTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly EventLogFolder _folder;
    private readonly EvidenceMetrics _metrics;
    private readonly StateStore _state;
    private EventLogOptions _bounds = new() { Retention = TimeSpan.FromDays(30) };

    public EvidenceTests()
    {
        _folder = new EventLogFolder(_time);
        _metrics = new EvidenceMetrics(_folder.Registry);
        _state = AlertingRoom.OpenState(_folder.Path, _time);
    }

    public void Dispose()
    {
        _state.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Days_that_have_ended_are_sealed_in_a_chain_whose_head_is_in_the_audit()
    {
        await using EventLog log = await ThreeDaysAsync();
        (await CheckAsync(log)).Select(d => $"{d.Table} {d.State} {d.Events}").Should().Equal(
            "events_20260310 Sound 3", "events_20260311 Sound 3", "events_20260312 Open ");
        List<EventSeal> seals = await new EventSeals(_state, _time).LoadAsync();
        (seals[0].Before, seals[1].Before).Should().Be((EventSeal.NoHead, seals[0].Head));
        (await _state.AuditAsync(10)).Select(a => $"{a.Who} {a.What} {a.Text}").Should().Equal(
            $"metricsd sealed events_20260311: 3 events; head {seals[1].Head}",
            $"metricsd sealed events_20260310: 3 events; head {seals[0].Head}");
        _metrics.Sealed.Value.Should().Be(2);
        (_metrics.Altered.Value, _metrics.Checked.Value).Should().Be((0, _time.GetUtcNow().ToUnixTimeSeconds()));
    }

    [Theory]
    [InlineData("UPDATE events_20260310 SET body = 'nothing' WHERE body = 'b'", "the first that differ are among the ids")]
    [InlineData("UPDATE events_20260310 SET host = '' WHERE body = 'b'", "the first that differ")]
    [InlineData("UPDATE events_20260310 SET time = time + 1 WHERE body = 'c'", "the first that differ")]
    [InlineData("UPDATE events_20260310 SET attributes = '{\"user.name\":\"bob\"}' WHERE body = 'a'", "the first that differ")]
    [InlineData("DELETE FROM events_20260310 WHERE body = 'b'", "3 events were sealed and 2 are there; the first that differ")]
    [InlineData("INSERT INTO events_20260310 SELECT * REPLACE (id + 9 AS id) FROM events_20260310 WHERE body = 'c'", "behind the last")]
    [InlineData("INSERT INTO events_20260310 SELECT * REPLACE (id - 9 AS id) FROM events_20260310 WHERE body = 'a'", "order of their ids")]
    [InlineData("INSERT INTO events_20260310 SELECT * FROM events_20260310 WHERE body = 'b'", "order of their ids")]
    [InlineData("ALTER TABLE events_20260310 DROP COLUMN host", "its columns are not those of events")]
    [InlineData("ALTER TABLE events_20260310 ALTER body TYPE BLOB", "its columns are not those of events")]
    public async Task An_event_that_was_altered_added_or_taken_out_is_found(string sql, string reason)
    {
        await (await ThreeDaysAsync()).DisposeAsync();
        Execute(sql);
        await using EventLog log = _folder.Open(_bounds);
        CheckedDay[] days = await CheckAsync(log);
        days[0].State.Should().Be(DayState.Altered);
        days[0].Reason.Should().Contain(reason);
        days[1].State.Should().Be(DayState.Sound);
        _metrics.Altered.Value.Should().Be(1);
    }

    [Fact]
    public async Task A_day_that_is_gone_is_missing_and_one_that_is_too_old_has_expired()
    {
        await (await ThreeDaysAsync()).DisposeAsync();
        Execute("DROP VIEW events; DROP TABLE events_20260310");
        await using EventLog log = _folder.Open(_bounds);
        (await CheckAsync(log))[0].Should().BeEquivalentTo(
            new { State = DayState.Missing, Reason = "it is gone, and not for age or size" });
        _bounds = new EventLogOptions { Retention = TimeSpan.FromDays(1) };
        await log.MaintainAsync(_bounds, _ => Task.CompletedTask, default);
        (await CheckAsync(log)).Select(d => d.State).Should().Equal(DayState.Expired, DayState.Sound, DayState.Open);
        _time.Advance(TimeSpan.FromDays(5));
        await log.MaintainAsync(_bounds, _ => Task.CompletedTask, default);
        await WriteAsync(log, Some("later"));
        await Sealer(log).SealAsync(default);
        (await CheckAsync(log)).Select(d => d.State).Should().Equal(DayState.Expired, DayState.Expired, DayState.Open);
        _metrics.Altered.Value.Should().Be(0);
    }

    [Fact]
    public async Task A_young_day_that_is_gone_is_missing_whatever_the_logs_own_file_says_of_what_expired()
    {
        long last;
        await using (EventLog before = await ThreeDaysAsync())
            last = before.LastId;
        Execute("DROP VIEW events; DROP TABLE events_20260310; "
            + $"INSERT OR REPLACE INTO positions VALUES ('event log', 'expired', '{last + 1}')");
        await using EventLog log = _folder.Open(_bounds);
        log.LastExpired.Should().Be(last + 1, "the attack must reach the log");
        (await CheckAsync(log)).Select(d => d.State).Should().Equal(DayState.Missing, DayState.Sound, DayState.Open);
    }

    [Fact]
    public async Task An_altered_day_is_found_also_where_the_logs_own_file_says_that_it_expired()
    {
        await (await ThreeDaysAsync()).DisposeAsync();
        Execute("UPDATE events_20260310 SET body = 'nothing' WHERE body = 'b'; "
            + $"INSERT OR REPLACE INTO positions VALUES ('event log', 'expired', '{long.MaxValue / 2}')");
        await using EventLog log = _folder.Open(_bounds);
        (await CheckAsync(log))[0].State.Should().Be(DayState.Altered);
    }

    [Fact]
    public async Task Who_makes_the_daemon_drop_young_days_by_a_table_that_looks_old_is_found()
    {
        long last;
        await using (EventLog before = await ThreeDaysAsync())
            last = before.LastId;
        Execute($"CREATE TABLE events_20200101 AS SELECT * REPLACE ({last} + 1000 + id % 1000 AS id) FROM events_20260310");
        await using EventLog log = _folder.Open(_bounds);
        await Maintenance(log).MaintainAsync(default);
        log.Tables.Should().BeEmpty("the daemon drops what lies before a table that is too old");
        (await CheckAsync(log)).Select(d => d.State).Should().Equal(DayState.Missing, DayState.Missing);
    }

    [Fact]
    public async Task Days_that_a_wrong_clock_dated_into_the_future_expire_with_those_behind_them()
    {
        await using EventLog log = _folder.Open(_bounds);
        DateTimeOffset now = _time.GetUtcNow();
        _time.AdjustTime(now.AddYears(4));
        await WriteAsync(log, Some("future"));
        for (int day = 0; day < 3; day++)
        {
            _time.AdjustTime(now.AddDays(day));
            await WriteAsync(log, Some("today"));
            await Sealer(log).SealAsync(default);
        }
        _time.AdjustTime(now.AddDays(33));
        await Maintenance(log).MaintainAsync(default);
        await WriteAsync(log, Some("new"));
        (await CheckAsync(log)).Select(d => d.State).Should().Equal(DayState.Expired, DayState.Expired, DayState.Expired, DayState.Open);
    }

    [Fact]
    public async Task What_the_daemon_drops_for_size_has_expired_and_stays_so_when_more_is_to_be_kept()
    {
        await using EventLog log = await ThreeDaysAsync();
        _bounds = new EventLogOptions { MaxBytes = 1 };
        await Maintenance(log).MaintainAsync(default);
        (await _state.AuditAsync(1))[0].Should().BeEquivalentTo(new
        {
            Who = "metricsd", What = "expired",
            Text = $"events_20260311: events.max_bytes is reached; the last id is {(await new EventSeals(_state, _time).LoadAsync())[1].LastId}",
        });
        _bounds = new EventLogOptions { Retention = TimeSpan.FromDays(1_000) };
        (await CheckAsync(log)).Select(d => d.State).Should().Equal(DayState.Expired, DayState.Expired, DayState.Open);
    }

    [Fact]
    public async Task Seals_of_what_expired_long_ago_are_given_up_and_taking_out_more_of_them_is_found()
    {
        await using EventLog log = _folder.Open(_bounds);
        var seals = new EventSeals(_state, _time);
        EventSeal? last = null;
        for (int n = 1; n <= EventSeals.MaxExpired + 10; n++)
        {
            last = new EventSeal($"events_{n}", 10 * n, (10 * n) + 1, 2, "ab", [], last?.Head ?? EventSeal.NoHead, n);
            await seals.NoteExpiredAsync(
                new ExpiringTable(new EventTable($"events_{n}", 1, 10 * n, (10 * n) + 1, 0, 0), IsForSize: true, "size"), _bounds);
            await seals.SaveAsync(last);
        }
        (await seals.LoadAsync()).Should().HaveCountLessThan(EventSeals.MaxExpired + 10).And
            .HaveCountGreaterThanOrEqualTo(EventSeals.MaxExpired);
        (await CheckAsync(log)).Should().OnlyContain(d => d.State == DayState.Expired);
        using (StateDb db = _state.Open())
            await db.Database.ExecuteSqlRawAsync("DELETE FROM Seals WHERE FirstId IN (SELECT FirstId FROM Seals ORDER BY FirstId LIMIT 9)");
        (await CheckAsync(log))[^1].Should().BeEquivalentTo(new { Table = "seals", State = DayState.Altered });
    }

    [Fact]
    public async Task What_is_sealed_while_a_check_looks_is_no_alteration()
    {
        await using EventLog log = _folder.Open(_bounds);
        var seals = new EventSeals(_state, _time);
        Task sealing = Task.Run(async () =>
        {
            EventSeal? last = null;
            for (int n = 1; n <= 300; n++)
            {
                last = new EventSeal($"events_{n}", 10 * n, (10 * n) + 1, 2, "ab", [], last?.Head ?? EventSeal.NoHead, n);
                await seals.SaveAsync(last);
            }
        });
        while (!sealing.IsCompleted)
            (await CheckAsync(log)).Should().NotContain(d => d.Table == "seals");
        await sealing;
    }

    [Fact]
    public async Task A_name_is_not_given_again_on_the_day_that_its_table_went_for_size_and_tables_are_as_few_as_before()
    {
        _bounds = new EventLogOptions { MaxBytes = 1 };
        await using EventLog log = _folder.Open(_bounds);
        await WriteAsync(log, Some("a"));
        await WriteAsync(log, Some("b"));
        await Sealer(log).SealAsync(default);
        await Maintenance(log).MaintainAsync(default);
        await WriteAsync(log, Some("c"));
        _bounds = new EventLogOptions();
        await Maintenance(log).MaintainAsync(default);
        foreach (string body in (string[])["d", "e", "f"])
        {
            await Sealer(log).SealAsync(default);
            await WriteAsync(log, Some(body));
        }
        log.Tables.Select(t => t.Name).Should().Equal("events_20260310_2", "events_20260310_3");
        (await CheckAsync(log)).Select(d => d.State).Should().Equal(DayState.Expired, DayState.Sound, DayState.Open);
    }

    [Fact]
    public async Task A_day_that_cannot_be_read_is_not_called_altered_and_the_check_counts_once_all_can_be_read()
    {
        await using EventLog log = await ThreeDaysAsync();
        Execute("DROP VIEW events; ALTER TABLE events_20260310 RENAME TO away");
        CheckedDay[] days = await CheckAsync(log);
        days.Select(d => d.State).Should().Equal(DayState.Unreadable, DayState.Sound, DayState.Open);
        days[0].Reason.Should().Contain("cannot be read");
        (_metrics.Altered.Value, _metrics.Checked.Value).Should().Be((0, 0));
        Execute("ALTER TABLE away RENAME TO events_20260310");
        (await CheckAsync(log))[0].State.Should().Be(DayState.Sound);
        _metrics.Checked.Value.Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task A_check_that_failed_is_tried_again_soon_and_one_that_saw_all_is_the_next_day()
    {
        await using EventLog log = await ThreeDaysAsync();
        Execute("DROP VIEW events; ALTER TABLE events_20260310 RENAME TO away");
        using EventSealer sealer = Sealer(log);
        (await CheckedAfterAsync(TimeSpan.FromMinutes(11))).Should().Be(0, "not all could be read");
        Execute("ALTER TABLE away RENAME TO events_20260310");
        (await CheckedAfterAsync(TimeSpan.FromMinutes(4))).Should().Be(0);
        double first = await CheckedAfterAsync(TimeSpan.FromMinutes(2));
        first.Should().Be(_time.GetUtcNow().ToUnixTimeSeconds());
        (await CheckedAfterAsync(TimeSpan.FromHours(23))).Should().Be(first);
        (await CheckedAfterAsync(TimeSpan.FromHours(2))).Should().Be(_time.GetUtcNow().ToUnixTimeSeconds());

        async Task<double> CheckedAfterAsync(TimeSpan passed)
        {
            _time.Advance(passed);
            await sealer.LookAsync(default);
            return _metrics.Checked.Value;
        }
    }

    [Fact]
    public async Task A_state_that_was_made_anew_gets_the_seals_and_what_expired_again()
    {
        await using EventLog log = _folder.Open(_bounds);
        var seals = new EventSeals(_state, _time);
        using var sealer = new EventSealer(log, seals, Check(log), _metrics, _time, NullLogger<EventSealer>.Instance);
        for (int day = 0; day < 3; day++)
        {
            await WriteAsync(log, Some("a"));
            _time.Advance(TimeSpan.FromDays(1));
            await sealer.SealAsync(default);
        }
        await seals.NoteExpiredAsync(new ExpiringTable(log.Tables[0], IsForSize: true, "size"), _bounds);
        List<EventSeal> before = await seals.LoadAsync();
        await seals.HeadsInAuditAsync();
        using (StateDb db = _state.Open())
            await db.Database.ExecuteSqlRawAsync("DELETE FROM Seals; DELETE FROM Audit");
        _state.Restore("a test");
        (await seals.LoadAsync()).Should().BeEquivalentTo(before, o => o.WithStrictOrdering());
        (await new EventSeals(_state, _time).ReadLastExpiredAsync()).Should().Be(log.Tables[0].LastId);
    }

    [Fact]
    public async Task What_has_gone_is_asked_of_the_audit_once_however_many_days_it_were()
    {
        await using EventLog log = await ThreeDaysAsync();
        _bounds = new EventLogOptions { MaxBytes = 1 };
        await Maintenance(log).MaintainAsync(default);
        var days = new List<CheckedDay>();
        using EvidenceCheck check = Check(log);
        await foreach (CheckedDay day in check.RunAsync(default))
        {
            days.Add(day);
            if (days.Count > 1)
                continue;
            using StateDb db = _state.Open();
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE Audit RENAME TO away");
        }
        days.Select(d => d.State).Should().Equal(DayState.Expired, DayState.Expired, DayState.Open);
    }

    [Fact]
    public async Task A_copy_of_the_log_that_is_attached_while_it_is_checked_alters_nothing()
    {
        await using EventLog log = await ThreeDaysAsync();
        using var connection = new DuckDBConnection($"Data Source={Path.Combine(_folder.Path, "events.duckdb")}");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"ATTACH '{_folder.Path}/copy' AS copy; CREATE TABLE copy.events_20260310 AS SELECT id FROM events_20260310";
        command.ExecuteNonQuery();
        (await CheckAsync(log)).Select(d => d.State).Should().Equal(DayState.Sound, DayState.Sound, DayState.Open);
        command.CommandText = "DETACH copy";
        command.ExecuteNonQuery();
    }

    [Fact]
    public async Task A_table_that_is_to_go_and_stays_since_that_fails_is_noted_once()
    {
        await using EventLog log = await ThreeDaysAsync();
        var seals = new EventSeals(_state, _time);
        for (int tries = 0; tries < 3; tries++)
            await seals.NoteExpiredAsync(new ExpiringTable(log.Tables[0], IsForSize: true, "size"), _bounds);
        (await _state.AuditAsync(100)).Where(a => a.What == EventSeals.Expired).Should().ContainSingle();
    }

    [Fact]
    public async Task Of_a_day_that_is_gone_it_is_said_when_the_log_itself_calls_it_expired_and_the_audit_does_not()
    {
        await using EventLog log = await ThreeDaysAsync();
        await log.MaintainAsync(new EventLogOptions { MaxBytes = 1 }, _ => Task.CompletedTask, default);
        CheckedDay gone = (await CheckAsync(log))[0];
        gone.State.Should().Be(DayState.Missing);
        gone.Reason.Should().StartWith("it is gone, and the audit does not say why; the event log says that it went for age or size, ");
    }

    [Fact]
    public async Task A_day_that_was_put_between_sealed_ones_is_found()
    {
        await (await ThreeDaysAsync()).DisposeAsync();
        Execute("CREATE TABLE events_20260310_2 AS SELECT * REPLACE (id + 1000000 AS id) FROM events_20260310");
        await using EventLog log = _folder.Open(_bounds);
        await Sealer(log).SealAsync(default);
        (await CheckAsync(log)).Single(d => d.Table == "events_20260310_2").Should().BeEquivalentTo(
            new { State = DayState.Altered, Reason = "it was not there when others were sealed, or could not be sealed" });
    }

    [Theory]
    [InlineData("UPDATE Seals SET Hash = 'ab' WHERE FirstId = (SELECT min(FirstId) FROM Seals)", "events_20260310")]
    [InlineData("UPDATE Seals SET Count = 2 WHERE FirstId = (SELECT min(FirstId) FROM Seals)", "events_20260311")]
    [InlineData("DELETE FROM Seals WHERE FirstId = (SELECT max(FirstId) FROM Seals)", "seals")]
    [InlineData("DELETE FROM Seals WHERE FirstId = (SELECT min(FirstId) FROM Seals)", "seals")]
    [InlineData("UPDATE Seals SET SealedAt = SealedAt + 864000000; DELETE FROM Seals WHERE FirstId = (SELECT max(FirstId) FROM Seals)", "seals")]
    [InlineData("DELETE FROM Seals", "seals")]
    public async Task A_seal_that_was_altered_or_removed_is_found(string sql, string where)
    {
        await using EventLog log = await ThreeDaysAsync();
        using (StateDb db = _state.Open())
            await db.Database.ExecuteSqlRawAsync(sql);
        (await CheckAsync(log)).Where(d => d.IsWrong).Select(d => d.Table).Should().Contain(where);
    }

    [Fact]
    public async Task Who_takes_out_seals_so_that_an_altered_day_is_sealed_anew_is_found_by_the_audit()
    {
        await (await ThreeDaysAsync()).DisposeAsync();
        Execute("UPDATE events_20260311 SET body = 'nothing' WHERE body = 'b'");
        using (StateDb db = _state.Open())
            await db.Database.ExecuteSqlRawAsync("DELETE FROM Seals");
        await using EventLog log = _folder.Open(_bounds);
        await Sealer(log).SealAsync(default);
        (await CheckAsync(log)).Select(d => $"{d.Table} {d.State}").Should().Equal(
            "events_20260310 Sound", "events_20260311 Sound", "seals Altered", "events_20260312 Open");
    }

    [Fact]
    public async Task Writing_the_file_anew_changes_no_hash_and_parts_say_where_to_look()
    {
        using var file = new EventLogFile(_folder.Storage, _folder.Metrics, _time, NullLogger.Instance);
        await using (EventLog log = _folder.Open(_bounds))
        {
            for (int n = 0; n < 5; n++)
                await WriteAsync(log, Some([.. Enumerable.Range(0, 10).Select(i => $"{n}{i}")]));
        }
        HashedTable before = await HashAsync(null);
        before.Parts.Should().HaveCount(8, "50 events are seven parts of 7, and the rest");
        Execute($"ATTACH '{_folder.Path}/copy' AS c (STORAGE_VERSION 'v1.4.0'); COPY FROM DATABASE events TO c; DETACH c");
        File.Move(Path.Combine(_folder.Path, "copy"), Path.Combine(_folder.Path, "events.duckdb"), overwrite: true);
        (await HashAsync(before.Parts)).Should().BeEquivalentTo(before);
        (await HashAsync(null)).Should().BeEquivalentTo(before);
        Execute("DELETE FROM events_20260310 WHERE body = '21'");
        HashedTable after = await HashAsync(before.Parts);
        after.Count.Should().Be(49);
        after.Parts.Select((p, n) => p.Hash == before.Parts[n].Hash).Should().Equal(true, true, true, false, true, true, true, true);

        async Task<HashedTable> HashAsync(IReadOnlyList<SealPart>? like)
        {
            using var hasher = new EventHasher(file, _time, eventsPerPart: 7);
            return await hasher.HashAsync("events_20260310", like, default);
        }
    }

    [Fact]
    public async Task Nothing_is_added_to_a_day_that_was_sealed_also_when_the_clock_is_put_back()
    {
        await using EventLog log = await ThreeDaysAsync();
        _time.Advance(TimeSpan.FromDays(1));
        await Sealer(log).SealAsync(default);
        _time.AdjustTime(_time.GetUtcNow().AddDays(-1));
        await WriteAsync(log, Some("late"));
        log.Tables.Select(t => t.Name).Should().Equal("events_20260310", "events_20260311", "events_20260312", "events_20260312_2");
        (await CheckAsync(log)).Should().NotContain(d => d.IsWrong);
    }

    private async Task<EventLog> ThreeDaysAsync()
    {
        EventLog log = _folder.Open(_bounds);
        for (int day = 0; day < 3; day++)
        {
            if (day > 0)
                _time.Advance(TimeSpan.FromDays(1));
            await WriteAsync(log, Some("a", "b", "c"));
            await Sealer(log).SealAsync(default);
        }
        return log;
    }

    private EventBatch Some(params string[] bodies)
    {
        var batch = new EventBatch("t");
        long now = Timestamp.Of(_time.GetUtcNow()).ToNanoseconds();
        foreach (string body in bodies)
        {
            batch.Add(now, now, "log", 9, body);
            batch.AddField("user.name", "alice");
        }
        return batch;
    }

    private EventSealer Sealer(EventLog log) =>
        new(log, new EventSeals(_state, _time), Check(log), _metrics, _time, NullLogger<EventSealer>.Instance);

    private EventLogMaintenance Maintenance(EventLog log) => new(
        log, new EventSeals(_state, _time), new Current<EventLogOptions>(_bounds), _folder.Metrics, _time,
        NullLogger<EventLogMaintenance>.Instance);

    private EvidenceCheck Check(EventLog log) =>
        new(log, new EventSeals(_state, _time), new Current<EventLogOptions>(_bounds), _metrics, _time);

    private async Task<CheckedDay[]> CheckAsync(EventLog log)
    {
        var days = new List<CheckedDay>();
        await foreach (CheckedDay day in Check(log).RunAsync(default))
            days.Add(day);
        return [.. days];
    }

    private void Execute(string sql)
    {
        using var connection = new DuckDBConnection($"Data Source={Path.Combine(_folder.Path, "events.duckdb")}");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
