using Metrics.Storage.State;
using Metrics.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Storage.State;

/// <summary>The state in memory, while its file cannot be written.</summary>
public sealed class SqliteRefugeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("refuge").FullName;

    [Fact]
    public void All_that_was_in_the_file_goes_to_memory_and_back()
    {
        using SqliteState state = Prepared();
        Note(state, "before");
        state.TryTakeRefuge(out bool isWhole).Should().BeTrue();
        isWhole.Should().BeTrue();
        Note(state, "meanwhile");
        state.TryTakeRefuge(out _).Should().BeFalse("it is there already");
        using (SqliteState file = Prepared())
            Notes(file).Should().Equal("before");

        state.TryLeaveRefuge().Should().BeTrue();
        Note(state, "after");
        using SqliteState again = Prepared();
        Notes(again).Should().Equal("before", "meanwhile", "after");
        state.TryLeaveRefuge().Should().BeFalse("it is there no more");
    }

    [Fact]
    public void Without_a_file_that_can_be_read_it_begins_anew_and_says_so()
    {
        using SqliteState state = Prepared();
        Note(state, "before");
        SqliteConnection.ClearAllPools();
        foreach (string file in Directory.GetFiles(_folder))
            File.WriteAllText(file, new string('x', 10_000));
        state.TryTakeRefuge(out bool isWhole).Should().BeTrue();
        isWhole.Should().BeFalse();
        Note(state, "meanwhile");
        state.TryLeaveRefuge().Should().BeTrue();
        using SqliteState again = Prepared();
        Notes(again).Should().Equal("meanwhile");
    }

    [Fact]
    public void As_long_as_the_file_cannot_be_written_it_stays_in_memory()
    {
        using SqliteState state = Prepared();
        state.TryTakeRefuge(out _).Should().BeTrue();
        Directory.CreateDirectory(Path.Combine(_folder, "state.db.new"));
        Note(state, "meanwhile");
        state.TryLeaveRefuge().Should().BeFalse();
        Notes(state).Should().Equal("meanwhile");
        Directory.Delete(Path.Combine(_folder, "state.db.new"));
        state.TryLeaveRefuge().Should().BeTrue();
        Notes(state).Should().Equal("meanwhile");
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
        db.Audit.Add(new AuditRow { At = 1, Who = "ann", What = "test", Text = text });
        db.SaveChanges();
    }

    private static string[] Notes(SqliteState state)
    {
        using StateDb db = state.Open();
        return [.. db.Audit.OrderBy(a => a.Id).Select(a => a.Text)];
    }
}
