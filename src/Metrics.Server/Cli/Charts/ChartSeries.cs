namespace Metrics.Cli.Charts;

/// <summary>A value at a moment.</summary>
/// <param name="At">Milliseconds since 1970 UTC.</param>
/// <param name="Value">The value; not always a finite number.</param>
internal readonly record struct ChartPoint(long At, double Value);

/// <summary>A series of a chart.</summary>
/// <param name="Points">Its points in the order of time.</param>
internal sealed record ChartSeries(IReadOnlyList<ChartPoint> Points);
