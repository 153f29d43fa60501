using System.Globalization;
using Metrics.Query;
using ScottPlot;

namespace Metrics.Alerting;

/// <summary>What a picture of an alert shows.</summary>
internal sealed record AlertPicture
{
    private const int Width = 920;
    private const int Height = 480;
    private const int FontSize = 24;
    private const string Font = "DejaVu Sans";
    private const double Greatest = 1e300;
    private const int MaxTitle = 54;
    private static readonly Color s_line = Color.FromHex("#1f5fa8");
    private static readonly Color s_bound = Color.FromHex("#b00020");
    private static readonly Color s_silence = Color.FromHex("#b00020").WithAlpha(0.15);
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
        // Others draw the letters too, where it is not there.
        if (Fonts.GetTypeface(Font, FontWeight.Normal, FontSlant.Upright, FontSpacing.Normal) is not null)
            plot.Font.Set(Font);
        foreach ((double[] times, double[] values) in Lines())
            AddLine(plot, times, values, s_line, LinePattern.Solid);
        if (Ahead is { } ahead)
            AddLine(plot, [PictureAxis.DateOf(Times[^1]), PictureAxis.DateOf(ahead.Time)], [Values[^1], ahead.Value], s_line,
                LinePattern.Dashed);
        if (double.IsFinite(Bound))
        {
            plot.Add.HorizontalLine(Bound, 3, s_bound, LinePattern.Dashed);
            // Away from where the line ends, which is what the reader looks at.
            ScottPlot.Plottables.Text text = plot.Add.Text($"bound {Unit.Format(Bound)}", PictureAxis.DateOf(From), Bound);
            (text.LabelFontSize, text.LabelFontColor, text.LabelAlignment, text.OffsetX, text.OffsetY) =
                (FontSize - 2, s_bound, Alignment.LowerLeft, 8, -4);
        }
        if (SilentSince() is { } silent)
            plot.Add.HorizontalSpan(PictureAxis.DateOf(silent), PictureAxis.DateOf(Until), s_silence);
        if (Since >= From)
            plot.Add.VerticalLine(PictureAxis.DateOf(Since), 2, s_since, LinePattern.Dotted);
        Scale(plot);
        return plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
    }

    /// <summary>The values without gaps: a line over a time without data would say what nobody knows.</summary>
    private IEnumerable<(double[] Times, double[] Values)> Lines()
    {
        long step = Step();
        int start = 0;
        for (int i = 1; i <= Times.Count; i++)
        {
            if (i < Times.Count && Times[i] - Times[i - 1] <= 2 * step)
                continue;
            yield return ([.. Times.Skip(start).Take(i - start).Select(PictureAxis.DateOf)], [.. Values.Skip(start).Take(i - start)]);
            start = i;
        }
    }

    private long Step() => Times.Count < 2 ? 0 : Enumerable.Range(1, Times.Count - 1).Min(i => Times[i] - Times[i - 1]);

    /// <summary>From when on nothing was heard; null where something is heard now.</summary>
    private long? SilentSince() => Times.Count > 1 && Until - Times[^1] > 3 * Step() ? Times[^1] : null;

    private static void AddLine(Plot plot, double[] times, double[] values, Color colour, LinePattern pattern)
    {
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(times, values);
        (line.LineWidth, line.MarkerSize, line.Color, line.LinePattern) = (4, values.Length == 1 ? 12 : 0, colour, pattern);
    }

    private void Scale(Plot plot)
    {
        List<double> shown = [.. Values.Append(Bound).Append(Ahead?.Value ?? double.NaN).Where(v => Math.Abs(v) <= Greatest)];
        (double least, double greatest) = shown.Count == 0 ? (0, 1) : (shown.Min(), shown.Max());
        // Of what hardly changes, no digit is shown that a double does not have.
        double size = Math.Max(Math.Abs(least), Math.Abs(greatest));
        double margin = Math.Max(0.12 * (greatest - least), size == 0 ? 1 : size * (greatest > least ? 1e-6 : 0.1));
        // What is little more than none is seen against none.
        (double bottom, double top) = (least >= 0 && least < margin * 2 ? -margin / 4 : least - margin, greatest + margin);
        long until = Math.Max(Until, Ahead?.Time ?? 0);
        plot.Axes.SetLimits(PictureAxis.DateOf(From), PictureAxis.DateOf(until), bottom, top);
        PictureAxis times = PictureAxis.OfTimes(From, until), values = PictureAxis.OfValues(bottom, top, Unit, 5);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(times.Positions, times.Labels);
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual(values.Positions, values.Labels);
        plot.Axes.Bottom.Label.Text = string.Create(
            CultureInfo.InvariantCulture, $"UTC, until {DateTimeOffset.FromUnixTimeMilliseconds(until).UtcDateTime:yyyy-MM-dd HH:mm}");
        (plot.Axes.Bottom.Label.FontSize, plot.Axes.Bottom.TickLabelStyle.FontSize, plot.Axes.Left.TickLabelStyle.FontSize) =
            (FontSize - 2, FontSize, FontSize);
        plot.Axes.Bottom.Label.Bold = false;
        plot.Title(Title.Length <= MaxTitle ? Title : Title[..(MaxTitle - 1)] + "…", FontSize);
        // Labels of numbers of this size need so much.
        (plot.Axes.Left.MinimumSize, plot.Axes.Right.MinimumSize) = (30 + (15 * values.Labels.Concat([""]).Max(l => l.Length)), 40);
    }
}
