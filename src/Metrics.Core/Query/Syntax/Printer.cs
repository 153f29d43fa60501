using System.Text;
using Metrics.Formats;
using Metrics.Model;

namespace Metrics.Query.Syntax;

/// <summary>Writes expressions in canonical form: on one line, or broken over lines where they are long.</summary>
public static class Printer
{
    /// <summary>Longest line that <see cref="Pretty"/> leaves unbroken.</summary>
    private const int MaxLine = 100;

    /// <summary>On one line.</summary>
    public static string Print(Expr expr) => expr switch
    {
        NumberExpr n => n.IsDuration ? Seconds(n.Value) : FloatText.FormatGeneral(n.Value),
        StringExpr s => Labels.Quote(s.Value),
        SelectorExpr s => $"{s.Selector}{Edge(s.Edge)}{Time(s.Time)}",
        MatrixExpr m => $"{m.Selector.Selector}[{Print(m.Range)}]{Edge(m.Selector.Edge)}{Time(m.Selector.Time)}",
        SubqueryExpr q => $"{Print(q.Inner)}[{Print(q.Range)}:{(q.Step is null ? "" : Print(q.Step))}]{Time(q.Time)}",
        CallExpr c => $"{c.Function.Name}({string.Join(", ", c.Arguments.Select(Print))})",
        AggregateExpr a => $"{Head(a)}({string.Join(", ", a.Children.Select(Print))})",
        BinaryExpr b => $"{Left(b)} {b.Operator.Sign()}{Modifiers(b)} {Print(b.Right)}",
        UnaryExpr u => $"{(u.Negative ? "-" : "+")}{Print(u.Inner)}",
        ParenExpr p => $"({Print(p.Inner)})",
        _ => throw new ArgumentOutOfRangeException(nameof(expr)),
    };

    /// <summary>Broken over lines and indented where one line would be longer than 100 characters.</summary>
    public static string Pretty(Expr expr, int level = 0)
    {
        string indent = new(' ', level * 2);
        string line = indent + Print(expr);
        if (line.Length <= MaxLine)
            return line;
        return expr switch
        {
            CallExpr { Arguments.Count: > 0 } c => $"{indent}{c.Function.Name}(\n{Each(c.Arguments, level)}\n{indent})",
            AggregateExpr a => $"{indent}{Head(a)}(\n{Each(a.Children, level)}\n{indent})",
            BinaryExpr b => $"{Pretty(b.Left, level + 1)}\n{indent}{b.Operator.Sign()}{Modifiers(b)}\n{Pretty(b.Right, level + 1)}",
            ParenExpr p => $"{indent}(\n{Pretty(p.Inner, level + 1)}\n{indent})",
            UnaryExpr u => $"{indent}{(u.Negative ? "-" : "+")}{Pretty(u.Inner, level).TrimStart(' ')}",
            SubqueryExpr q => $"{Pretty(q.Inner, level)}[{Print(q.Range)}:{(q.Step is null ? "" : Print(q.Step))}]{Time(q.Time)}",
            _ => line,
        };
    }

    private static string Each(IEnumerable<Expr> arguments, int level) => string.Join(",\n", arguments.Select(a => Pretty(a, level + 1)));

    private static string Head(AggregateExpr a)
    {
        if (!a.Without && a.Grouping.Count == 0)
            return a.Operator;
        return $"{a.Operator} {(a.Without ? "without" : "by")} ({Names(a.Grouping)}) ";
    }

    private static string Names(IEnumerable<string> labels) =>
        string.Join(", ", labels.Select(l => Labels.IsPlainLabelName(l) ? l : Labels.Quote(l)));

    private static string Modifiers(BinaryExpr b)
    {
        var text = new StringBuilder(b.ReturnsBool ? " bool" : "");
        if (b.Matching is not { } m)
            return text.ToString();
        if (m.On || m.Labels.Count > 0)
            text.Append(m.On ? " on (" : " ignoring (").Append(Names(m.Labels)).Append(')');
        if (m.Cardinality is MatchCardinality.ManyToOne or MatchCardinality.OneToMany)
            text.Append(m.Cardinality == MatchCardinality.ManyToOne ? " group_left (" : " group_right (").Append(Names(m.Include))
                .Append(')');
        if (m.FillLeft is { } both && m.FillRight is { } right && both.Equals(right))
            return text.Append(" fill (").Append(FloatText.FormatGeneral(both)).Append(')').ToString();
        if (m.FillLeft is { } l)
            text.Append(" fill_left (").Append(FloatText.FormatGeneral(l)).Append(')');
        if (m.FillRight is { } r)
            text.Append(" fill_right (").Append(FloatText.FormatGeneral(r)).Append(')');
        return text.ToString();
    }

    /// <summary>A sign before a power is one of the whole power: <c>+Inf ^ x</c> would be read as <c>+(Inf ^ x)</c>.</summary>
    private static string Left(BinaryExpr b) =>
        b.Operator == BinaryOperator.Pow && b.Left is NumberExpr ? Print(b.Left).TrimStart('+') : Print(b.Left);

    private static string Edge(RangeEdge edge) =>
        edge switch { RangeEdge.Anchored => " anchored", RangeEdge.Smoothed => " smoothed", _ => "" };

    private static string Time(SelectorTime time)
    {
        string at = time.At switch
        {
            AtKind.Fixed => $" @ {(time.Time / 1000.0).ToString("F3", System.Globalization.CultureInfo.InvariantCulture)}",
            AtKind.Start => " @ start()",
            AtKind.End => " @ end()",
            _ => "",
        };
        return time.Offset is null ? at : $"{at} offset {Print(time.Offset)}";
    }

    private static string Print(DurationExpr d) => d.Operator == DurationOperator.Literal ? Seconds(d.Seconds) : Part(d);

    private static string Part(DurationExpr d)
    {
        string text = d.Operator switch
        {
            DurationOperator.Literal => d.IsNumber ? FloatText.FormatGeneral(d.Seconds) : Seconds(d.Seconds),
            DurationOperator.Step => "step()",
            DurationOperator.Range => "range()",
            DurationOperator.Min => $"min({Part(d.Left!)}, {Part(d.Right!)})",
            DurationOperator.Max => $"max({Part(d.Left!)}, {Part(d.Right!)})",
            _ => $"{(d.Left is null ? "" : Part(d.Left) + " ")}{Sign(d.Operator)}{(d.Left is null ? "" : " ")}{Part(d.Right!)}",
        };
        return d.Wrapped ? $"({text})" : text;
    }

    private static char Sign(DurationOperator op) => op switch
    {
        DurationOperator.Add =>
            '+', DurationOperator.Sub =>
                '-', DurationOperator.Mul => '*', DurationOperator.Div => '/', DurationOperator.Mod => '%', _ => '^',
    };

    private static string Seconds(double seconds) =>
        Math.Abs(seconds) < 9e9 && seconds * 1000 == Math.Truncate(seconds * 1000)
            ? Duration.Format(TimeSpan.FromSeconds(seconds))
            : FloatText.FormatGeneral(seconds);
}
