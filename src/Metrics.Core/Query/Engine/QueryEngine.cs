using Metrics.Model;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Engine;

/// <summary>Evaluates expressions. Stateless and safe to share between threads.</summary>
public sealed class QueryEngine(EngineOptions? options = null)
{
    private readonly EngineOptions _options = options ?? new EngineOptions();

    /// <summary>How it evaluates.</summary>
    public EngineOptions Options => _options;

    /// <summary>The value at one moment.</summary>
    /// <param name="query">The expression.</param>
    /// <param name="source">Where the series are.</param>
    /// <param name="at">The moment, milliseconds since 1970 UTC.</param>
    /// <param name="memory">Counts what the query holds, its result included; null counts it here, and forgets it with the end.</param>
    /// <param name="ct">Ends the evaluation.</param>
    /// <exception cref="QueryException">There is no result; the message says why.</exception>
    public QueryResult Instant(
        PreparedQuery query, ISeriesSource source, long at, QueryMemory? memory = null, CancellationToken ct = default)
    {
        EvaluationSteps grid = EvaluationSteps.At(at);
        return Guarded(query, source, grid, evaluator => query.Root.Type switch
        {
            ExprType.Scalar =>
                new QueryResult(
                    ExprType.Scalar) { Vector = [new VectorElement(Labels.Empty, new Sample(at, evaluator.Scalar(query.Root, grid)[0]))] },
            ExprType.String => new QueryResult(ExprType.String) { Text = ((StringExpr)Evaluator.Unwrap(query.Root)).Value },
            ExprType.Matrix => new QueryResult(ExprType.Matrix) { Matrix = Samples(evaluator, query.Root, grid) },
            _ => new QueryResult(ExprType.Vector) { Vector = Elements(evaluator, query.Root, grid) },
        }, memory, ct);
    }

    /// <summary>The values over a range, in steps; series sorted by their labels.</summary>
    /// <exception cref="QueryException">There is no result; the message says why.</exception>
    public QueryResult Range(
        PreparedQuery query, ISeriesSource source, EvaluationSteps grid, QueryMemory? memory = null, CancellationToken ct = default) =>
        Guarded(query, source, grid, evaluator =>
    {
        if (query.Root.Type is ExprType.String or ExprType.Matrix)
            throw new QueryException($"invalid expression type \"{Parser.Name(query.Root.Type)}\" for range query, must be Scalar or "
                + $"instant Vector");
        var series = new List<RangeSeries>();
        long[] times = evaluator.TimesOf(grid);
        if (query.Root.Type == ExprType.Scalar)
            series.Add(RangeSeries.Of(Labels.Empty, evaluator.Scalar(query.Root, grid), times));
        else
            Collect(evaluator, query.Root, grid, (labels, values) =>
            {
                RangeSeries one = RangeSeries.Of(labels, values, times);
                evaluator.Hold(QueryMemory.SeriesBytes + ((ReferenceEquals(one.Times, times) ? 8L : 16L) * one.Times.Length));
                series.Add(one);
            });
        series.Sort((a, b) => Labels.Compare(a.Labels, b.Labels));
        return new QueryResult(ExprType.Matrix) { Matrix = series };
    }, memory, ct);

    /// <summary>Evaluates for the sake of what is asked of the source, at the first and the last moment alone.</summary>
    internal void Probe(PreparedQuery query, ISeriesSource source, EvaluationSteps grid)
    {
        var evaluator = new Evaluator(
            source, _options with { OnlyEnds = true }, grid, new Notes(query.Text), new QueryMemory(_options.MaxBytes), default);
        switch (query.Root.Type)
        {
            case ExprType.Scalar:
                evaluator.Scalar(query.Root, grid.Ends);
                break;
            case ExprType.Matrix:
                evaluator.Matrix(query.Root, grid.Ends, (_, _, _) => { });
                break;
            case ExprType.Vector:
                evaluator.Vector(query.Root, grid.Ends, (_, _, _) => { });
                break;
        }
    }

    private QueryResult Guarded(
        PreparedQuery query, ISeriesSource source, EvaluationSteps grid, Func<Evaluator, QueryResult> run, QueryMemory? memory,
        CancellationToken ct)
    {
        var notes = new Notes(query.Text);
        var evaluator = new Evaluator(source, _options, grid, notes, memory ?? new QueryMemory(_options.MaxBytes), ct);
        try
        {
            return run(evaluator) with { Warnings = notes.Warnings, Infos = notes.Infos, Samples = evaluator.Samples };
        }
        catch (OperationCanceledException)
        {
            throw new QueryException("query was canceled in expression evaluation", QueryFailure.Canceled);
        }
        catch (OutOfMemoryException)
        {
            throw QueryException.NoMemory();
        }
        catch (System.Text.RegularExpressions.RegexMatchTimeoutException e)
        {
            throw new QueryException(e.Message, QueryFailure.Limit);
        }
    }

    /// <summary>Runs an expression and hands its series on, their names removed where they are to be.</summary>
    private void Collect(Evaluator evaluator, Expr root, EvaluationSteps grid, Action<Labels, Span<double>> take)
    {
        if (!_options.DelayedNameRemoval)
        {
            evaluator.Vector(root, grid, (labels, nameless, values) => take(nameless ? labels.WithoutIdentity() : labels, values));
            return;
        }
        var merged = new MergedRows(evaluator, grid.Count);
        evaluator.Vector(root, grid, (labels, nameless, values) => merged.Add(nameless ? labels.WithoutIdentity() : labels, false, values));
        merged.Send((labels, _, values) => take(labels, values));
    }

    private List<VectorElement> Elements(Evaluator evaluator, Expr root, EvaluationSteps grid)
    {
        var elements = new List<VectorElement>();
        Collect(evaluator, root, grid, (labels, values) =>
        {
            if (!NoValue.Is(values[0]))
            {
                evaluator.Hold(QueryMemory.SeriesBytes);
                elements.Add(new VectorElement(labels, new Sample(grid.Start, values[0])));
            }
        });
        return elements;
    }

    private static List<RangeSeries> Samples(Evaluator evaluator, Expr root, EvaluationSteps grid)
    {
        var series = new List<RangeSeries>();
        evaluator.Matrix(root, grid, (labels, nameless, samples) =>
        {
            evaluator.Hold(QueryMemory.SeriesBytes + (16L * samples.Count));
            series.Add(new RangeSeries(nameless ? labels.WithoutIdentity() : labels, samples.Times.ToArray(), samples.Values.ToArray()));
        });
        series.Sort((a, b) => Labels.Compare(a.Labels, b.Labels));
        return series;
    }
}
