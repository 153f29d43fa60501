using Metrics.Model;
using Metrics.Query.Functions;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Engine;

/// <summary>Functions that give vectors.</summary>
internal sealed partial class Evaluator
{
    private void Call(CallExpr call, EvaluationSteps grid, RowSink sink)
    {
        IReadOnlyList<Expr> arguments = call.Arguments;
        string name = call.Function.Name;
        if (MathFunctions.Find(name) is { } math)
        {
            CallMath(call, math, grid, sink);
            return;
        }
        if (RangeFunctions.Find(name) is { } range)
        {
            CallRange(call, range, grid, sink);
            return;
        }
        switch (name)
        {
            case "vector":
                sink(Labels.Empty, false, Scalar(arguments[0], grid));
                break;
            case "timestamp":
                DropNames(arguments[0], grid, sink, (next, g) => Timestamps(arguments[0], g, next));
                break;
            case "start_timestamp":
                if (Unwrap(arguments[0]) is SelectorExpr selector)
                    DropNames(selector, grid, sink, (next, g) => Select(selector, g, SampleAspect.Start, next));
                break;
            case "absent":
                Absent(arguments[0], grid, sink, next => Vector(arguments[0], grid, next));
                break;
            case "clamp" or "clamp_min" or "clamp_max" or "round":
                MapWithScalars(call, grid, sink);
                break;
            case "label_replace":
                LabelFunctions.Replace(this, call, [.. arguments.Skip(1).Select(Text)], grid, sink);
                break;
            case "label_join":
                LabelFunctions.Join(this, call, [.. arguments.Skip(1).Select(Text)], grid, sink);
                break;
            case "sort" or "sort_desc" or "sort_by_label" or "sort_by_label_desc":
                Sorting.Run(this, call, [.. arguments.Skip(1).Select(Text)], grid, sink);
                break;
            case "histogram_quantile":
                Histograms.Quantile(this, call, grid, sink);
                break;
            case "histogram_quantiles":
                Histograms.Quantiles(this, call, Text(arguments[1]), grid, sink);
                break;
            case "histogram_fraction":
                Histograms.Fraction(this, call, grid, sink);
                break;
            case "info":
                InfoFunction.Run(this, source, call, top, Lookback, grid, sink);
                break;
            case "histogram_avg" or "histogram_count" or "histogram_sum" or "histogram_stddev" or "histogram_stdvar":
                // They are of native histograms, of which there are none here; of floats they give nothing.
                Notes.Inform(call, $"{name} is of native histograms, which are not supported; samples that are numbers are ignored");
                break;
            default:
                throw new QueryException($"the function {name} cannot be evaluated");
        }
    }

    private void CallMath(CallExpr call, Func<double, double> function, EvaluationSteps grid, RowSink sink)
    {
        // The parts of a date, asked for nothing, are those of each step.
        if (call.Arguments.Count == 0)
        {
            double[] times = NewRow(grid);
            for (int i = 0; i < times.Length; i++)
                times[i] = function(grid.Time(i) / 1000);
            sink(Labels.Empty, false, times);
            return;
        }
        Map(call.Arguments[0], grid, sink, (value, _) => function(value));
    }

    private void Map(Expr inner, EvaluationSteps grid, RowSink sink, Func<double, int, double> function) =>
        DropNames(inner, grid, sink, (next, g) => Vector(inner, g, (labels, nameless, values) =>
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (!NoValue.Is(values[i]))
                    values[i] = function(values[i], i);
            }
            next(labels, nameless, values);
        }));

    private void MapWithScalars(CallExpr call, EvaluationSteps grid, RowSink sink)
    {
        double[]? a = call.Arguments.Count > 1 ? Scalar(call.Arguments[1], grid) : null;
        double[]? b = call.Arguments.Count > 2 ? Scalar(call.Arguments[2], grid) : null;
        Func<double, int, double> function = call.Function.Name switch
        {
            "clamp" => (v, i) => b![i] < a![i] ? NoValue.Value : Math.Max(a[i], Math.Min(b[i], v)),
            "clamp_min" => (v, i) => Math.Max(a![i], v),
            "clamp_max" => (v, i) => Math.Min(a![i], v),
            _ => (v, i) =>
            {
                // Multiplied by the inverse, as Prometheus does: fewer inaccuracies for steps like 0.1.
                double inverse = 1 / (a?[i] ?? 1);
                return Math.Floor((v * inverse) + 0.5) / inverse;
            },
        };
        Map(call.Arguments[0], grid, sink, function);
    }

    private void CallRange(CallExpr call, RangeFunction function, EvaluationSteps grid, RowSink sink)
    {
        Expr range = Unwrap(call.Arguments.First(a => a.Type == ExprType.Matrix));
        double[][] scalars = [.. call.Arguments.Where(a => a.Type == ExprType.Scalar).Select(a => Scalar(a, grid))];
        double[]? first = scalars.Length > 0 ? scalars[0] : null;
        double[]? second = scalars.Length > 1 ? scalars[1] : null;
        if (call.Function.Name == "absent_over_time")
            Absent(range, grid, sink, next => OverWindows(call, range, function, null, null, grid, next));
        else if (function.KeepsName)
            OverWindows(call, range, function, first, second, grid, sink);
        else
            DropNames(range, grid, sink, (next, g) => OverWindows(call, range, function, first, second, g, next), disjoint: true);
    }

    private void Timestamps(Expr argument, EvaluationSteps grid, RowSink sink)
    {
        if (Unwrap(argument) is SelectorExpr { Edge: RangeEdge.None } selector)
        {
            Select(selector, grid, SampleAspect.Time, sink);
            return;
        }
        Vector(argument, grid, (labels, nameless, values) =>
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = NoValue.Is(values[i]) ? NoValue.Value : grid.Time(i) / 1000.0;
            sink(labels, nameless, values);
        });
    }

    /// <summary>1 at each step at which no series has a value, with the labels that the selector asks for exactly.</summary>
    private void Absent(Expr argument, EvaluationSteps grid, RowSink sink, Action<RowSink> run)
    {
        double[] row = Filled(grid, 1);
        run((_, _, values) =>
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (!NoValue.Is(values[i]))
                    row[i] = NoValue.Value;
            }
        });
        if (!NoValue.IsAll(row))
            sink(LabelsOfAbsent(Unwrap(argument)), false, row);
    }

    private static Labels LabelsOfAbsent(Expr argument)
    {
        IReadOnlyList<LabelMatcher> matchers = argument switch
        {
            SelectorExpr s => s.Selector.Matchers,
            MatrixExpr m => m.Selector.Selector.Matchers,
            _ => [],
        };
        var labels = new Dictionary<string, string>();
        var seen = new HashSet<string>();
        foreach (LabelMatcher matcher in matchers.Where(m => m.Name != Labels.MetricName))
        {
            // Asked for in two ways, a label has no one value.
            if (matcher.Kind == MatchKind.Equal && seen.Add(matcher.Name))
                labels[matcher.Name] = matcher.Value;
            else
                labels.Remove(matcher.Name);
            seen.Add(matcher.Name);
        }
        return Labels.Of([.. labels.Select(l => new Label(l.Key, l.Value))]);
    }
}
