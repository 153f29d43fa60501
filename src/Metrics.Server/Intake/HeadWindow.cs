using Metrics.Series;
using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>
/// How far back the head reaches: its window, or less while memory is short. No new series begin then, but those that are there grow until
/// their window is full, and go on in any case; so it is the oldest samples that go, which the store has. Queries read them there.
/// </summary>
internal sealed partial class HeadWindow(Head head, MemoryBudget memory, IntakeMetrics metrics, ILogger<HeadWindow> log)
{
    /// <summary>Fuller than this the window shrinks, emptier than the other it grows again, by a third at a time.</summary>
    private const double Short = 0.6;

    private const double Plenty = 0.4;
    private const double Step = 0.67;
    private static readonly TimeSpan s_shortest = TimeSpan.FromMinutes(10);

    private TimeSpan _window = head.Options.Window;

    /// <summary>How far back it reaches now.</summary>
    internal TimeSpan Current => _window;

    /// <summary>Drops what is older.</summary>
    /// <param name="now">Our clock, milliseconds since 1970 UTC.</param>
    public void Truncate(long now)
    {
        Adjust(memory.Fill());
        metrics.HeadWindow.Set(_window.TotalSeconds);
        metrics.HeadSeriesDropped.Inc(head.Truncate(now, _window));
    }

    /// <summary>Follows the memory.</summary>
    /// <param name="fill">How full it is, from 0 to 1.</param>
    internal void Adjust(double fill)
    {
        TimeSpan before = _window;
        if (fill > Short && _window > s_shortest)
            _window = Max(_window * Step, s_shortest);
        else if (fill < Plenty && _window < head.Options.Window)
            _window = Min(_window / Step, head.Options.Window);
        if (_window < before)
            LogShrunk(_window.TotalMinutes, fill * 100);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Memory is short ({Percent:0} % of the heap is in use): the head keeps {Minutes:0} minutes only, the store the rest")]
    private partial void LogShrunk(double minutes, double percent);
}
