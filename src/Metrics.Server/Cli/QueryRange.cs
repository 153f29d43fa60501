using Metrics.Cli.Charts;
using Metrics.Model;

namespace Metrics.Cli;

/// <summary>The times that a range is evaluated at.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">Not behind this one.</param>
/// <param name="Step">From one to the next.</param>
internal readonly record struct QueryRange(Timestamp Start, Timestamp End, TimeSpan Step)
{
    /// <summary>Points for those who look at figures.</summary>
    private const int Points = 120;

    /// <summary>Columns of a terminal that an axis of values takes, about.</summary>
    private const int Margin = 12;

    /// <summary>A range with as many points as its chart has columns, in whole seconds.</summary>
    public static QueryRange Of(Timestamp end, TimeSpan range, TimeSpan? step, Screen screen)
    {
        int points = screen.IsTerminal ? screen.Width - Margin : Points;
        return new QueryRange(end - range, end, step ?? TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(range.TotalSeconds / points))));
    }

    /// <summary>Its axis, with so many columns.</summary>
    public TimeAxis Axis(int columns) => new(Start, End, columns);
}
