using Metrics.Storage.State;
using Metrics.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Storage.State;

/// <summary>The state in memory, while its file cannot be written.</summary>
public sealed class SqliteRefugeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("refuge").FullName;

    [Fact]
    public void What_may_change_goes_to_memory_and_back_and_what_is_past_stays_in_the_file()
    {
        using SqliteState state = Prepared();
        Note(state, "ended");
        Note(state, "before");
        state.TryTakeRefuge(out bool isWhole).Should().BeTrue();
        isWhole.Should().BeTrue();
        state.TryTakeRefuge(out _).Should().BeFalse("it is there already");
        Acks(state).Should().Equal("before", "ended");
        Past(state).Should().BeEmpty();
        Note(state, "meanwhile");
        using (StateDb db = state.Open())
            db.Acknowledgements.Where(a => a.Alert == "ended").ExecuteDelete();
        using (SqliteState file = Prepared())
            Acks(file).Should().Equal("before", "ended");

        state.TryLeaveRefuge().Should().BeTrue();
        Note(state, "then");
        using SqliteState again = Prepared();
        Acks(again).Should().Equal("before", "meanwhile", "then");
        Past(again).Should().Equal("ended", "before", "meanwhile", "then");
        state.TryLeaveRefuge().Should().BeFalse("it is there no more");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_a_file_that_can_be_read_it_begins_anew_and_says_so(bool isThere)
    {
        using SqliteState state = Prepared();
        Note(state, "before");
        SqliteConnection.ClearAllPools();
        foreach (string file in Directory.GetFiles(_folder))
            File.WriteAllText(file, new string('x', 10_000));
        if (!isThere)
            Directory.Delete(_folder, true);
        state.TryTakeRefuge(out bool isWhole).Should().BeTrue();
        isWhole.Should().BeFalse();
        Note(state, "meanwhile");
        state.TryLeaveRefuge().Should().BeTrue();
        using SqliteState again = Prepared();
        Acks(again).Should().Equal("meanwhile");
    }

    [Fact]
    public void What_was_out_of_reach_is_not_written_over()
    {
        using SqliteState state = Prepared();
        Note(state, "before");
        SqliteConnection.ClearAllPools();
        Directory.Move(_folder, _folder + ".away");
        state.TryTakeRefuge(out bool isWhole).Should().BeTrue();
        isWhole.Should().BeFalse();
        Note(state, "meanwhile");
        Directory.Move(_folder + ".away", _folder);
        state.TryLeaveRefuge().Should().BeTrue();
        using SqliteState again = Prepared();
        Acks(again).Should().Equal("before", "meanwhile");
        Past(again).Should().Equal("before", "meanwhile");
    }

    [Fact]
    public void As_long_as_the_file_cannot_be_written_it_stays_in_memory()
    {
        using SqliteState state = Prepared();
        state.TryTakeRefuge(out _).Should().BeTrue();
        using var other = new SqliteConnection($"Data Source={_folder}/state.db;Pooling=False");
        other.Open();
        using SqliteTransaction locked = other.BeginTransaction();
        Note(state, "meanwhile");
        state.TryLeaveRefuge().Should().BeFalse();
        Acks(state).Should().Equal("meanwhile");
        locked.Rollback();
        state.TryLeaveRefuge().Should().BeTrue();
        Acks(state).Should().Equal("meanwhile");
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private SqliteState Prepared()
    {
        var state = new SqliteState(_folder, new StateMetrics(new MetricRegistry()), new FakeTimeProvider(), NullLogger.Instance);
        state.Prepare();
        return state;
    }

    private static void Note(SqliteState state, string text)
    {
        using StateDb db = state.Open();
        db.Acknowledgements.Add(new AckRow { Alert = text, By = "ann", Comment = "" });
        db.Audit.Add(new AuditRow { Who = "ann", What = "acknowledged", Text = text });
        db.SaveChanges();
    }

    private static string[] Acks(SqliteState state)
    {
        using StateDb db = state.Open();
        return [.. db.Acknowledgements.OrderBy(a => a.Alert).Select(a => a.Alert)];
    }

    private static string[] Past(SqliteState state)
    {
        using StateDb db = state.Open();
        return [.. db.Audit.OrderBy(a => a.Id).Select(a => a.Text)];
    }
}
