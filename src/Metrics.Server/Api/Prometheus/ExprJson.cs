using System.Text.Json;
using Metrics.Query;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Api.Prometheus;

/// <summary>The tree of an expression, as <c>/api/v1/parse_query</c> gives it.</summary>
internal static class ExprJson
{
    public static void Write(Utf8JsonWriter json, Expr expr)
    {
        json.WriteStartObject();
        switch (expr)
        {
            case NumberExpr number:
                json.WriteString("type", "numberLiteral");
                json.WriteString("val", ApiParameters.Number(number.Value));
                break;
            case StringExpr text:
                json.WriteString("type", "stringLiteral");
                json.WriteString("val", text.Value);
                break;
            case SelectorExpr selector:
                json.WriteString("type", "vectorSelector");
                WriteSelector(json, selector);
                break;
            case MatrixExpr matrix:
                json.WriteString("type", "matrixSelector");
                WriteSelector(json, matrix.Selector);
                json.WriteNumber("range", Literal(matrix.Range));
                break;
            case SubqueryExpr subquery:
                json.WriteString("type", "subquery");
                WriteChild(json, "expr", subquery.Inner);
                json.WriteNumber("range", Literal(subquery.Range));
                json.WriteNumber("step", subquery.Step is null ? 0 : Literal(subquery.Step));
                WriteTime(json, subquery.Time);
                break;
            case CallExpr call:
                json.WriteString("type", "call");
                json.WriteStartObject("func");
                json.WriteString("name", call.Function.Name);
                WriteTexts(json, "argTypes", call.Function.Takes.Select(Name));
                json.WriteNumber("variadic",
                    call.Function.Most == call.Function.Least ? 0
                    : call.Function.Most == int.MaxValue ? -1
                    : call.Function.Most - call.Function.Least);
                json.WriteString("returnType", Name(call.Function.Returns));
                json.WriteEndObject();
                json.WriteStartArray("args");
                foreach (Expr argument in call.Arguments)
                    Write(json, argument);
                json.WriteEndArray();
                break;
            case AggregateExpr aggregate:
                json.WriteString("type", "aggregation");
                json.WriteString("op", aggregate.Operator);
                WriteChild(json, "expr", aggregate.Inner);
                WriteChild(json, "param", aggregate.Parameter);
                WriteTexts(json, "grouping", aggregate.Grouping);
                json.WriteBoolean("without", aggregate.Without);
                break;
            case BinaryExpr binary:
                json.WriteString("type", "binaryExpr");
                json.WriteString("op", binary.Operator.Sign());
                WriteChild(json, "lhs", binary.Left);
                WriteChild(json, "rhs", binary.Right);
                WriteMatching(json, binary.Matching);
                json.WriteBoolean("bool", binary.ReturnsBool);
                break;
            case UnaryExpr unary:
                json.WriteString("type", "unaryExpr");
                json.WriteString("op", unary.Negative ? "-" : "+");
                WriteChild(json, "expr", unary.Inner);
                break;
            case ParenExpr paren:
                json.WriteString("type", "parenExpr");
                WriteChild(json, "expr", paren.Inner);
                break;
        }
        json.WriteEndObject();
    }

    private static string Name(ExprType type) => type.ToString().ToLowerInvariant();

    /// <summary>Milliseconds of a literal; arithmetic depends on the query and stands as 0.</summary>
    private static long Literal(DurationExpr? duration) =>
        duration is { Operator: DurationOperator.Literal } ? (long)(duration.Seconds * 1000) : 0;

    private static void WriteChild(Utf8JsonWriter json, string name, Expr? expr)
    {
        json.WritePropertyName(name);
        if (expr is null)
            json.WriteNullValue();
        else
            Write(json, expr);
    }

    private static void WriteSelector(Utf8JsonWriter json, SelectorExpr selector)
    {
        json.WriteString("name", selector.Selector.MetricName ?? "");
        json.WriteStartArray("matchers");
        foreach (LabelMatcher matcher in selector.Selector.Matchers)
        {
            json.WriteStartObject();
            json.WriteString("type",
                matcher.Kind switch { MatchKind.Equal => "=", MatchKind.NotEqual => "!=", MatchKind.Regex => "=~", _ => "!~" });
            json.WriteString("name", matcher.Name);
            json.WriteString("value", matcher.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteTime(json, selector.Time);
        json.WriteBoolean("anchored", selector.Edge == RangeEdge.Anchored);
        json.WriteBoolean("smoothed", selector.Edge == RangeEdge.Smoothed);
    }

    private static void WriteTime(Utf8JsonWriter json, SelectorTime time)
    {
        json.WriteNumber("offset", Literal(time.Offset));
        if (time.At == AtKind.Fixed)
            json.WriteNumber("timestamp", time.Time);
        else
            json.WriteNull("timestamp");
        if (time.At is AtKind.Start or AtKind.End)
            json.WriteString("startOrEnd", time.At == AtKind.Start ? "start" : "end");
        else
            json.WriteNull("startOrEnd");
    }

    private static void WriteMatching(Utf8JsonWriter json, VectorMatching? matching)
    {
        if (matching is null)
        {
            json.WriteNull("matching");
            return;
        }
        json.WriteStartObject("matching");
        json.WriteString("card", matching.Cardinality switch
        {
            MatchCardinality.ManyToOne =>
                "many-to-one", MatchCardinality.OneToMany =>
                    "one-to-many", MatchCardinality.ManyToMany => "many-to-many", _ => "one-to-one",
        });
        WriteTexts(json, "labels", matching.Labels);
        json.WriteBoolean("on", matching.On);
        WriteTexts(json, "include", matching.Include);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
