using Metrics.Model;
using Metrics.Query.Syntax;

namespace Metrics.Query.Engine;

/// <summary>Operators with a vector on at least one side.</summary>
internal sealed partial class Evaluator
{
    private void Binary(BinaryExpr binary, EvaluationSteps grid, RowSink sink)
    {
        if (binary.Operator.IsTrim())
            Notes.Inform(
                binary, $"incompatible sample types encountered for binary operator \"{binary.Operator.Sign()}\": it trims native "
                    + $"histograms, which are not supported");
        else if (binary.Left.Type == ExprType.Scalar)
            WithScalar(binary, binary.Right, Scalar(binary.Left, grid), scalarIsLeft: true, grid, sink);
        else if (binary.Right.Type == ExprType.Scalar)
            WithScalar(binary, binary.Left, Scalar(binary.Right, grid), scalarIsLeft: false, grid, sink);
        else if (binary.Operator.IsSet())
            SetOperators.Run(this, binary, grid, sink);
        else
            new VectorMatch(this, binary, grid).Run(sink);
    }

    private void WithScalar(BinaryExpr binary, Expr vector, double[] scalar, bool scalarIsLeft, EvaluationSteps grid, RowSink sink)
    {
        BinaryOperator op = binary.Operator;
        void Compute(RowSink next, EvaluationSteps g) => Vector(vector, g, (labels, nameless, values) =>
        {
            bool any = false;
            for (int i = 0; i < values.Length; i++)
            {
                double value = values[i];
                if (NoValue.Is(value))
                    continue;
                (double left, double right) = scalarIsLeft ? (scalar[i], value) : (value, scalar[i]);
                if (!op.IsComparison())
                    value = op.Compute(left, right);
                else if (binary.ReturnsBool)
                    value = op.Compare(left, right) ? 1 : 0;
                else if (!op.Compare(left, right))
                    value = NoValue.Value;
                values[i] = value;
                any |= !NoValue.Is(value);
            }
            if (any)
                next(labels, nameless, values);
        });
        if (op.IsComparison() && !binary.ReturnsBool)
            Compute(sink, grid);
        else
            DropNames(vector, grid, sink, Compute);
    }
}
