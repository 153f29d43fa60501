using System.Globalization;
using Metrics.Query;
using ScottPlot;

namespace Metrics.Alerting;

/// <summary>What a picture of an alert shows.</summary>
internal sealed record AlertPicture
{
    private const int Width = 1280;
    private const int Height = 560;
    private const int FontSize = 26;
    private const int MaxTitle = 78;
    private static readonly Color s_line = Color.FromHex("#1f5fa8");
    private static readonly Color s_bound = Color.FromHex("#b00020");
    private static readonly Color s_since = Color.FromHex("#777777");

    /// <summary>What stands above it.</summary>
    public required string Title { get; init; }

    /// <summary>Times of the values, milliseconds since 1970 UTC.</summary>
    public required IReadOnlyList<long> Times { get; init; }

    /// <summary>The values.</summary>
    public required IReadOnlyList<double> Values { get; init; }

    /// <summary>Their unit.</summary>
    public required ValueUnit Unit { get; init; }

    /// <summary>What they are not to reach; NaN is not drawn.</summary>
    public required double Bound { get; init; }

    /// <summary>When it began; 0 is not drawn.</summary>
    public required long Since { get; init; }

    /// <summary>The first moment that is shown.</summary>
    public required long From { get; init; }

    /// <summary>The last moment of which something is known: a line that ends before has no data.</summary>
    public required long Until { get; init; }

    /// <summary>Where the line ahead ends; null where nothing is foretold.</summary>
    public (long Time, double Value)? Ahead { get; init; }

    /// <summary>A PNG of it.</summary>
    public byte[] Draw()
    {
        using var plot = new Plot();
        plot.Font.Automatic();
        foreach ((double[] times, double[] values) in Lines())
            AddLine(plot, times, values, s_line, LinePattern.Solid);
        if (Ahead is { } ahead)
            AddLine(plot, [PictureAxis.DateOf(Times[^1]), PictureAxis.DateOf(ahead.Time)], [Values[^1], ahead.Value], s_line,
                LinePattern.Dashed);
        if (double.IsFinite(Bound))
        {
            ScottPlot.Plottables.HorizontalLine bound = plot.Add.HorizontalLine(Bound, 3, s_bound, LinePattern.Dashed);
            (bound.LabelText, bound.LabelOppositeAxis, bound.LabelFontSize, bound.LabelRotation, bound.LabelAlignment) =
                (Unit.Format(Bound), true, FontSize - 2, 0, Alignment.MiddleLeft);
        }
        if (Since >= From)
            plot.Add.VerticalLine(PictureAxis.DateOf(Since), 2, s_since, LinePattern.Dotted);
        Scale(plot);
        return plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
    }

    /// <summary>The values without gaps: a line over a time without data would say what nobody knows.</summary>
    private IEnumerable<(double[] Times, double[] Values)> Lines()
    {
        long step = Times.Count < 2 ? 0 : Enumerable.Range(1, Times.Count - 1).Min(i => Times[i] - Times[i - 1]);
        int start = 0;
        for (int i = 1; i <= Times.Count; i++)
        {
            if (i < Times.Count && Times[i] - Times[i - 1] <= 2 * step)
                continue;
            yield return ([.. Times.Skip(start).Take(i - start).Select(PictureAxis.DateOf)], [.. Values.Skip(start).Take(i - start)]);
            start = i;
        }
    }

    private static void AddLine(Plot plot, double[] times, double[] values, Color colour, LinePattern pattern)
    {
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(times, values);
        (line.LineWidth, line.MarkerSize, line.Color, line.LinePattern) = (4, values.Length == 1 ? 12 : 0, colour, pattern);
    }

    private void Scale(Plot plot)
    {
        List<double> shown = [.. Values.Where(double.IsFinite)];
        if (double.IsFinite(Bound))
            shown.Add(Bound);
        if (Ahead is { } ahead)
            shown.Add(ahead.Value);
        (double least, double greatest) = shown.Count == 0 ? (0, 1) : (shown.Min(), shown.Max());
        double margin = greatest > least ? 0.12 * (greatest - least) : Math.Max(Math.Abs(greatest) * 0.1, 1e-9);
        // What cannot be negative, and is not, begins at none.
        (double bottom, double top) = (least >= 0 && least < margin * 2 ? 0 : least - margin, greatest + margin);
        long until = Math.Max(Until, Ahead?.Time ?? 0);
        plot.Axes.SetLimits(PictureAxis.DateOf(From), PictureAxis.DateOf(until), bottom, top);
        PictureAxis times = PictureAxis.OfTimes(From, until), values = PictureAxis.OfValues(bottom, top, Unit, 6);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(times.Positions, times.Labels);
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual(values.Positions, values.Labels);
        plot.Axes.Bottom.Label.Text = string.Create(
            CultureInfo.InvariantCulture, $"UTC, until {DateTimeOffset.FromUnixTimeMilliseconds(until).UtcDateTime:yyyy-MM-dd HH:mm}");
        (plot.Axes.Bottom.Label.FontSize, plot.Axes.Bottom.TickLabelStyle.FontSize, plot.Axes.Left.TickLabelStyle.FontSize) =
            (FontSize - 2, FontSize, FontSize);
        plot.Axes.Bottom.Label.Bold = false;
        plot.Title(Title.Length <= MaxTitle ? Title : Title[..(MaxTitle - 1)] + "…", FontSize);
        // Labels of numbers of this size need so much; the bound's stands outside.
        int longest = values.Labels.Concat([""]).Max(l => l.Length), bound = double.IsFinite(Bound) ? Unit.Format(Bound).Length : 2;
        (plot.Axes.Left.MinimumSize, plot.Axes.Right.MinimumSize) = (30 + (15 * longest), 24 + (14 * bound));
    }
}
