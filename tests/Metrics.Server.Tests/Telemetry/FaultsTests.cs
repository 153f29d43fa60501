using Metrics.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Telemetry;

/// <summary>What nobody has foreseen ends one unit of work, and neither its loop nor the daemon.</summary>
public sealed class FaultsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly MetricRegistry _registry = new();

    private Faults Faults => _registry.Faults;

    [Fact]
    public async Task A_loop_goes_on_after_a_fault_and_more_slowly_the_more_there_are_in_a_row()
    {
        var pauses = new List<double>();
        for (int i = 0; i < 9; i++)
            pauses.Add(await PauseOfAsync(() => throw new OverflowException("too large")));
        pauses.Should().Equal(1, 2, 4, 8, 16, 32, 60, 60, 60);
        (await Faults.GuardAsync("pollers", () => Task.CompletedTask, _time, default)).Should().BeTrue();
        (await PauseOfAsync(() => throw new OverflowException("again"))).Should().Be(1, "it was well in between");
        (await MetricsAsync()).Should().Contain("metricsd_faults_total{room=\"pollers\"} 10");
    }

    [Fact]
    public void A_room_is_shown_as_failing_until_some_minutes_after_its_last_fault()
    {
        Faults.Guard("history", () => throw new FormatException("odd"), _time).Should().BeFalse();
        Faults.Failing(_time).Should().Equal(("history", "odd"));
        Faults.Guard("history", () => { }, _time).Should().BeTrue();
        Faults.Failing(_time).Should().ContainSingle("it comes and goes, and is to be seen");
        _time.Advance(Faults.FailingFor + TimeSpan.FromSeconds(1));
        Faults.Failing(_time).Should().BeEmpty();
    }

    [Fact]
    public async Task At_the_end_what_is_thrown_is_no_fault()
    {
        using var stopping = new CancellationTokenSource();
        await stopping.CancelAsync();
        Func<Task> work = () => Faults.GuardAsync("rules", () => throw new OperationCanceledException(), _time, stopping.Token);
        await work.Should().ThrowAsync<OperationCanceledException>();
        Faults.Failing(_time).Should().BeEmpty();
    }

    /// <summary>Seconds that a unit of work costs its loop.</summary>
    private async Task<double> PauseOfAsync(Func<Task> work)
    {
        Task<bool> guarded = Faults.GuardAsync("pollers", work, _time, default);
        double seconds = 0;
        for (; !guarded.IsCompleted; seconds++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        (await guarded).Should().BeFalse();
        return seconds;
    }

    private async Task<string> MetricsAsync()
    {
        using var text = new MemoryStream();
        await _registry.WriteAsync(text, default);
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }
}
