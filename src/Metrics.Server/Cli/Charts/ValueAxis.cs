using Metrics.Query;

namespace Metrics.Cli.Charts;

/// <summary>The axis of values: round numbers from below the lowest to above the highest.</summary>
internal sealed class ValueAxis
{
    /// <summary>Seconds that read well at an axis.</summary>
    private static readonly double[] s_spans =
        [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

    private readonly ValueUnit _unit;
    private readonly double _step;

    /// <param name="least">Lowest value.</param>
    /// <param name="most">Highest value.</param>
    /// <param name="unit">What they count.</param>
    /// <param name="rows">Lines of the chart, at least 2.</param>
    public ValueAxis(double least, double most, ValueUnit unit, int rows)
    {
        (_unit, Rows) = (unit, rows);
        // What comes near to zero is shown from zero on: its height is its size.
        if (least > 0 && least < most / 2)
            least = 0;
        else if (most < 0 && most > least / 2)
            most = 0;
        if (most - least <= Math.Max(Math.Max(Math.Abs(least), Math.Abs(most)) * 1e-9, 1e-300))
        {
            double margin = ShownNumber.IsMoment(unit) ? 3600 : least == 0 ? 1 : Math.Abs(least) * 0.1;
            (least, most) = (least == 0 ? 0 : least - margin, most + margin);
        }
        // Divided first: the difference of two may be more than a number can be.
        _step = StepOf((most / Math.Max(2, rows / 3)) - (least / Math.Max(2, rows / 3)));
        Low = Math.Floor((least / _step) + 1e-9) * _step;
        High = Math.Ceiling((most / _step) - 1e-9) * _step;
    }

    /// <summary>Lines of the chart.</summary>
    public int Rows { get; }

    /// <summary>The value of the lowest line.</summary>
    public double Low { get; }

    /// <summary>The value of the highest line.</summary>
    public double High { get; }

    /// <summary>The line of a value, 0 at the top.</summary>
    public int RowOf(double value) => (int)Math.Clamp(Math.Round((High - value) / (High - Low) * (Rows - 1)), 0, Rows - 1);

    /// <summary>What stands beside a line; null at most of them.</summary>
    public string?[] Labels()
    {
        var labels = new string?[Rows];
        double most = Math.Max(Math.Abs(Low), Math.Abs(High));
        int ticks = (int)Math.Min(Math.Round((High - Low) / _step), Rows);
        for (int i = 0; i <= ticks; i++)
        {
            double value = Low + (i * _step);
            // What is left of a sum of steps that is zero.
            value = Math.Abs(value) < _step * 1e-6 ? 0 : value;
            labels[RowOf(value)] = ShownNumber.AxisText(value, _unit, _step, most);
        }
        return labels;
    }

    private double StepOf(double least)
    {
        if (_unit is { Kind: UnitKind.Timestamp } or { Kind: UnitKind.Seconds, IsRate: false, Factor: 1 } && least > 30)
        {
            foreach (double span in s_spans.Where(s => s >= least))
                return span;
            return ValueUnit.RoundStep(least / 86_400) * 86_400;
        }
        return ValueUnit.RoundStep(least);
    }
}
