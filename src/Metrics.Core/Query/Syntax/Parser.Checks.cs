using Metrics.Query.Functions;

namespace Metrics.Query.Syntax;

/// <summary>What the grammar allows but the types do not.</summary>
internal sealed partial class Parser
{
    /// <summary>Checks a part whose parts are checked; may give it back simplified.</summary>
    private static Expr Check(Expr expr)
    {
        switch (expr)
        {
            case UnaryExpr unary when unary.Inner.Type is not (ExprType.Scalar or ExprType.Vector):
                throw Fault(
                    unary, "unary expression only allowed on expressions of type scalar or instant vector, got "
                        + $"\"{Name(unary.Inner.Type)}\"");
            case SubqueryExpr subquery when subquery.Inner.Type != ExprType.Vector:
                throw Fault(subquery, $"subquery is only allowed on instant vector, got {Name(subquery.Inner.Type)} instead");
            case AggregateExpr aggregate:
                CheckAggregation(aggregate);
                return aggregate;
            case CallExpr call:
                CheckCall(call);
                return call;
            case BinaryExpr binary:
                return CheckBinary(binary);
            default:
                return expr;
        }
    }

    internal static string Name(ExprType type) => type switch
    {
        ExprType.Scalar => "scalar",
        ExprType.String => "string",
        ExprType.Vector => "instant vector",
        _ => "range vector",
    };

    private static void Expect(Expr expr, ExprType type, string context)
    {
        if (expr.Type != type)
            throw Fault(expr, $"expected type {Name(type)} in {context}, got {Name(expr.Type)}");
    }

    private static void CheckAggregation(AggregateExpr aggregate)
    {
        Expect(aggregate.Inner, ExprType.Vector, "aggregation expression");
        if (aggregate.Parameter is not { } parameter)
            return;
        bool takesText = aggregate.Operator == "count_values";
        Expect(parameter, takesText ? ExprType.String : ExprType.Scalar, "aggregation parameter");
    }

    private static void CheckCall(CallExpr call)
    {
        Function function = call.Function;
        int given = call.Arguments.Count;
        if (given < function.Least)
        {
            string wanted = function.Least == function.Most ? $"{function.Least}" : $"at least {function.Least}";
            throw Fault(call, $"expected {wanted} argument(s) in call to \"{function.Name}\", got {given}");
        }
        if (given > function.Most)
        {
            string wanted = function.Least == function.Most ? $"{function.Most}" : $"at most {function.Most}";
            throw Fault(call, $"expected {wanted} argument(s) in call to \"{function.Name}\", got {given}");
        }
        for (int i = 0; i < given; i++)
            Expect(call.Arguments[i], function.Takes[Math.Min(i, function.Takes.Count - 1)], $"call to function \"{function.Name}\"");
        if (function.Name == "info" && given > 1 && call.Arguments[1] is not SelectorExpr)
            throw Fault(call.Arguments[1], "expected label selectors only");
    }

    private static BinaryExpr CheckBinary(BinaryExpr binary)
    {
        BinaryOperator op = binary.Operator;
        VectorMatching matching = binary.Matching!;
        if (op.IsTrim() && binary.Type == ExprType.Scalar)
            throw Fault(binary, $"operator \"{op.Sign()}\" not allowed for Scalar operations");
        if (binary.ReturnsBool && !op.IsComparison())
            throw Fault(binary, "bool modifier can only be used on comparison operators");
        foreach (Expr side in binary.Children)
        {
            if (side.Type is not (ExprType.Scalar or ExprType.Vector))
                throw Fault(side, "binary expression must contain only scalar and instant vector types");
        }
        if (op.IsComparison() && !binary.ReturnsBool && binary.Type == ExprType.Scalar)
            throw Fault(binary, "comparisons between scalars must use BOOL modifier");
        if (matching.On && matching.Labels.FirstOrDefault(matching.Include.Contains) is { } twice)
            throw Fault(binary, $"label \"{twice}\" must not occur in ON and GROUP clause at once");
        bool bothVectors = binary.Left.Type == ExprType.Vector && binary.Right.Type == ExprType.Vector;
        bool fills = matching.FillLeft is not null || matching.FillRight is not null;
        if (!bothVectors)
        {
            if (op.IsSet())
                throw Fault(binary, $"set operator \"{op.Sign()}\" not allowed in binary scalar expression");
            if (matching.On || matching.Labels.Count > 0 || matching.Cardinality != MatchCardinality.OneToOne)
                throw Fault(binary, "vector matching only allowed between instant vectors");
            if (fills)
                throw Fault(binary, "filling in missing series only allowed between instant vectors");
            return binary with { Matching = null };
        }
        if (!op.IsSet())
            return binary;
        if (matching.Cardinality != MatchCardinality.OneToOne)
            throw Fault(binary, $"no grouping allowed for \"{op.Sign()}\" operation");
        if (fills)
            throw Fault(binary, "filling in missing series not allowed for set operators");
        return binary with { Matching = matching with { Cardinality = MatchCardinality.ManyToMany } };
    }
}
