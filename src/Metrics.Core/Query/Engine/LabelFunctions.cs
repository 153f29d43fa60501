using System.Runtime.CompilerServices;
using Metrics.Model;
using Metrics.Query.Syntax;
using Metrics.Text;

namespace Metrics.Query.Engine;

/// <summary><c>label_replace</c> and <c>label_join</c>.</summary>
internal static class LabelFunctions
{
    /// <summary>Characters of a label value that a query may make: a call in a call in a call grows one exponentially.</summary>
    private const int MaxValueLength = 1 << 20;

    /// <summary>A rule evaluates the same call again and again, and to compile its expression takes longer than all else.</summary>
    private static readonly ConditionalWeakTable<CallExpr, Re2> s_compiled = [];

    public static void Replace(Evaluator evaluator, CallExpr call, IReadOnlyList<string> texts, EvaluationSteps grid, RowSink sink)
    {
        (string target, string replacement, string from) = (texts[0], texts[1], texts[2]);
        CheckName(target, "destination label name in label_replace():");
        Re2 regex;
        try
        {
            regex = s_compiled.GetValue(call, _ => new Re2(texts[3]));
        }
        catch (ArgumentException)
        {
            throw new QueryException($"invalid regular expression in label_replace(): {texts[3]}");
        }
        int references = replacement.Count(c => c == '$');
        Relabel(evaluator, call, target, grid, sink, labels =>
        {
            string text = labels[from];
            CheckLength(replacement.Length + ((long)references * text.Length), call);
            return regex.Expand(text, replacement);
        });
    }

    public static void Join(Evaluator evaluator, CallExpr call, IReadOnlyList<string> texts, EvaluationSteps grid, RowSink sink)
    {
        CheckName(texts[0], "destination label name in label_join():");
        foreach (string label in texts.Skip(2))
            CheckName(label, "source label name in label_join():");
        Relabel(evaluator, call, texts[0], grid, sink, labels =>
        {
            CheckLength(texts.Skip(2).Sum(l => (long)labels[l].Length + texts[1].Length), call);
            return string.Join(texts[1], texts.Skip(2).Select(l => labels[l]));
        });
    }

    /// <param name="evaluator">Evaluates the argument.</param>
    /// <param name="call">The call.</param>
    /// <param name="target">The label that is set.</param>
    /// <param name="grid">The steps.</param>
    /// <param name="sink">Receives the rows.</param>
    /// <param name="value">The label's new value; null leaves the series as it is.</param>
    private static void Relabel(
        Evaluator evaluator, CallExpr call, string target, EvaluationSteps grid, RowSink sink, Func<Labels, string?> value)
    {
        var merged = new MergedRows(evaluator, grid.Count);
        evaluator.Vector(call.Arguments[0], grid, (labels, nameless, values) =>
        {
            Labels seen = evaluator.Identity(labels, nameless);
            bool hidden = nameless && ReferenceEquals(seen, labels) && seen.Name.Length > 0;
            if (value(seen) is not { } text)
            {
                merged.Add(seen, hidden, values);
                return;
            }
            evaluator.Hold(sizeof(char) * (long)text.Length);
            merged.Add(seen.With(target, text), hidden && target != Labels.MetricName, values);
        });
        merged.Send(sink);
    }

    private static void CheckLength(long length, CallExpr call)
    {
        if (length > MaxValueLength)
            throw new QueryException($"{call.Function.Name}() would make a label value of {length} characters (limit: {MaxValueLength})",
                QueryFailure.Limit);
    }

    internal static void CheckName(string name, string what)
    {
        if (name.Length == 0 || RawBytes.AreIn(name))
            throw new QueryException($"invalid {what} {RawBytes.Quote(name)}");
    }
}
