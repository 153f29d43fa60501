using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Query.Syntax;

namespace Metrics.Query;

/// <summary>One element of an instant vector.</summary>
/// <param name="Labels">The series.</param>
/// <param name="Sample">Its value, at the moment of the evaluation.</param>
public readonly record struct VectorElement(Labels Labels, Sample Sample);

/// <summary>One series of a range: columns of times (milliseconds since 1970 UTC) and values.</summary>
public sealed record RangeSeries(Labels Labels, long[] Times, double[] Values)
{
    /// <summary>A row of a grid without its gaps.</summary>
    /// <param name="labels">The series.</param>
    /// <param name="row">A value or gap a step.</param>
    /// <param name="times">The times of the grid; series without gaps share them.</param>
    internal static RangeSeries Of(Labels labels, ReadOnlySpan<double> row, long[] times)
    {
        int count = 0;
        foreach (double value in row)
            count += NoValue.Is(value) ? 0 : 1;
        if (count == row.Length)
            return new RangeSeries(labels, times, row.ToArray());
        var series = new RangeSeries(labels, new long[count], new double[count]);
        count = 0;
        for (int i = 0; i < row.Length; i++)
        {
            if (NoValue.Is(row[i]))
                continue;
            series.Times[count] = times[i];
            series.Values[count++] = row[i];
        }
        return series;
    }
}

/// <summary>What a query gives.</summary>
/// <param name="Type">What it is; decides which of the other members is set.</param>
public sealed record QueryResult(ExprType Type)
{
    /// <summary>An instant vector; for a scalar its one element, without labels.</summary>
    public IReadOnlyList<VectorElement> Vector { get; init; } = [];

    /// <summary>A range.</summary>
    public IReadOnlyList<RangeSeries> Matrix { get; init; } = [];

    /// <summary>A text.</summary>
    public string? Text { get; init; }

    /// <summary>What the result may suffer from; at most ten.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Whether history that it needs could not be read; a warning says why.</summary>
    public bool MissesHistory { get; init; }

    /// <summary>Hints; at most ten.</summary>
    public IReadOnlyList<string> Infos { get; init; } = [];

    /// <summary>Samples that were read for it.</summary>
    public long Samples { get; init; }
}
