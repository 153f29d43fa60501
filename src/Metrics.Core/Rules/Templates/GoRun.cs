using System.Collections;
using System.Runtime.CompilerServices;
using System.Text;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Templates;

/// <summary>One rendering of a template in Go's language.</summary>
/// <param name="library">What it finds.</param>
/// <param name="defines">The templates that it knows by name.</param>
/// <param name="scope">What functions see.</param>
/// <param name="html">Encodes values for where they stand; null where the text is no HTML.</param>
/// <param name="variables">Those that are there from the start.</param>
/// <param name="time">For the time limit.</param>
/// <param name="limit">How long it may take.</param>
internal sealed class GoRun(
    GoLibrary library, IReadOnlyDictionary<string, List<GoNode>> defines, TemplateScope scope, GoHtml? html,
    IEnumerable<(string Name, object? Value)> variables, TimeProvider time, TimeSpan limit)
{
    private const int MaxDepth = 100;

    /// <summary>So many characters of a function's result count as one step.</summary>
    private const int CharactersPerStep = 1000;

    /// <summary>What an action without a value prints.</summary>
    public const string NoValue = "<no value>";

    private readonly StringBuilder _output = new();
    private List<(string Name, object? Value)> _variables = [.. variables];
    private readonly long _start = time.GetTimestamp();
    private int _steps;
    private int _depth;

    private enum Jump
    {
        None,
        Break,
        Continue,
    }

    /// <exception cref="TemplateException">It fails.</exception>
    public string Write(List<GoNode> nodes, object? data)
    {
        try
        {
            Execute(nodes, data);
            return _output.ToString();
        }
        catch (Exception e) when (e is ArgumentException or OverflowException or InvalidOperationException)
        {
            // Such as a date beyond the year 9999.
            throw new TemplateException(e.Message);
        }
    }

    private Jump Execute(List<GoNode> nodes, object? dot)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateException("the templates nest too deep");
        int before = _variables.Count;
        foreach (GoNode node in nodes)
        {
            Step(1);
            Jump jump = Execute(node, dot);
            if (jump != Jump.None)
            {
                _variables.RemoveRange(before, _variables.Count - before);
                return jump;
            }
        }
        _variables.RemoveRange(before, _variables.Count - before);
        return Jump.None;
    }

    private void Step(int count)
    {
        _steps += count;
        if (_steps > library.StepLimit)
            throw new TemplateException($"the template takes more than {library.StepLimit} steps");
        if (time.GetElapsedTime(_start) > limit)
            throw new TemplateException($"the template takes longer than {limit.TotalMilliseconds:0} ms");
    }

    private object? Call(string name, List<object?> arguments)
    {
        Step(0);
        object? result = library.Call(name, arguments, scope);
        if (result is string text)
            Step(text.Length / CharactersPerStep);
        return result;
    }

    private Jump Execute(GoNode node, object? dot)
    {
        switch (node)
        {
            case GoText text:
                Write(html?.Text(text.Text) ?? text.Text);
                return Jump.None;
            case GoJump jump:
                return jump.IsBreak ? Jump.Break : Jump.Continue;
            case GoAction action:
                object? value = Evaluate(action.Pipeline, dot);
                if (action.Variable is null)
                    Write(html?.Value(value, action.Pipeline) ?? (value is null ? NoValue : GoFormat.Print(value)));
                else
                    Assign(action.Variable, value, action.Declares);
                return Jump.None;
            case GoBranch branch:
                return Branch(branch, dot);
            case GoInvoke invoke:
                Invoke(invoke, dot);
                return Jump.None;
            case GoNative native:
                Write(html?.Value(native.Write(dot), null) ?? GoFormat.Print(native.Write(dot)));
                return Jump.None;
            default:
                return Loop((GoRange)node, dot);
        }
    }

    private void Invoke(GoInvoke invoke, object? dot)
    {
        if (!defines.TryGetValue(invoke.Name, out List<GoNode>? nodes))
            throw new TemplateException($"template \"{invoke.Name}\" not defined");
        if (++_depth > MaxDepth)
            throw new TemplateException($"templates call each other more than {MaxDepth} levels deep");
        object? data = invoke.Data is null ? null : Evaluate(invoke.Data, dot);
        List<(string, object?)> outer = _variables;
        _variables = [("", data)];
        Execute(nodes, data);
        _variables = outer;
        _depth--;
    }

    private Jump Branch(GoBranch branch, object? dot)
    {
        int before = _variables.Count;
        object? condition = Evaluate(branch.Condition, dot);
        if (branch.Variable is not null)
            _variables.Add((branch.Variable, condition));
        bool isTrue = GoFunctions.IsTrue(condition);
        Jump jump = Execute(isTrue ? branch.Then : branch.Else, isTrue && branch.IsWith ? condition : dot);
        _variables.RemoveRange(before, _variables.Count - before);
        return jump;
    }

    private Jump Loop(GoRange range, object? dot)
    {
        var elements = Elements(Evaluate(range.Over, dot)).ToList();
        if (elements.Count == 0)
            return Execute(range.Else, dot);
        foreach ((object key, object? element) in elements)
        {
            int before = _variables.Count;
            if (range.Key is not null)
                _variables.Add((range.Key, key));
            if (range.Element is not null)
                _variables.Add((range.Element, element));
            Jump jump = Execute(range.Body, element);
            _variables.RemoveRange(before, _variables.Count - before);
            if (jump == Jump.Break)
                break;
        }
        return Jump.None;
    }

    private static IEnumerable<(object Key, object? Element)> Elements(object? value) => value switch
    {
        null => [],
        Labels labels => labels.Select(l => ((object)l.Name, (object?)l.Value)),
        GoMap map => map.Sorted.Select(t => ((object)t.Key, (object?)t.Value)),
        GoList list => list.Items.Select((e, i) => ((object)(long)i, e)),
        IDictionary map => map.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(k => ((object)k, map[k])),
        string => throw new TemplateException("range can't iterate over a string"),
        IEnumerable list => list.Cast<object?>().Select((e, i) => ((object)(long)i, e)),
        _ => throw new TemplateException($"range can't iterate over {GoFormat.Print(value)}"),
    };

    private void Assign(string name, object? value, bool declares)
    {
        int place = declares ? -1 : _variables.FindLastIndex(v => v.Name == name);
        if (declares)
            _variables.Add((name, value));
        else if (place >= 0)
            _variables[place] = (name, value);
        else
            throw new TemplateException($"undefined variable \"${name}\"");
    }

    private object? Evaluate(GoPipeline pipeline, object? dot)
    {
        object? value = null;
        for (int i = 0; i < pipeline.Commands.Count; i++)
            value = Evaluate(pipeline.Commands[i], dot, i > 0, value);
        return value;
    }

    private object? Evaluate(GoCommand command, object? dot, bool piped, object? last)
    {
        GoOperand first = command.Operands[0];
        if (first.Kind == GoOperandKind.Function && (string)first.Value! is "and" or "or")
            return Junction((string)first.Value!, command.Operands, dot, piped, last);
        if (first.Kind != GoOperandKind.Function && command.Operands.Count == 1 && !piped)
            return Evaluate(first, dot);
        List<object?> arguments = [.. command.Operands.Skip(1).Select(o => Evaluate(o, dot))];
        if (piped)
            arguments.Add(last);
        if (first.Kind == GoOperandKind.Function)
            return Call((string)first.Value!, arguments);
        if (first.Fields.Count == 0)
            throw new TemplateException("can't give argument to non-function");
        object? target = Evaluate(first with { Fields = first.Fields[..^1] }, dot);
        return Field(target, first.Fields[^1], arguments);
    }

    /// <summary><c>and</c> and <c>or</c>: what follows the one that decides is not looked at.</summary>
    private object? Junction(string name, List<GoOperand> operands, object? dot, bool piped, object? last)
    {
        int count = operands.Count - (piped ? 0 : 1);
        if (count == 0)
            return Call(name, []);
        object? value = null;
        for (int i = 1; i <= count; i++)
        {
            value = i < operands.Count ? Evaluate(operands[i], dot) : last;
            if (GoFunctions.IsTrue(value) == (name == "or"))
                break;
        }
        return value;
    }

    private object? Evaluate(GoOperand operand, object? dot)
    {
        object? value = operand.Kind switch
        {
            GoOperandKind.Literal => operand.Value,
            GoOperandKind.Dot => dot,
            GoOperandKind.Variable => Variable((string)operand.Value!),
            GoOperandKind.Function => Call((string)operand.Value!, []),
            _ => Evaluate((GoPipeline)operand.Value!, dot),
        };
        foreach (string field in operand.Fields)
            value = Field(value, field, []);
        return value;
    }

    private object? Variable(string name)
    {
        int place = _variables.FindLastIndex(v => v.Name == name);
        return place >= 0 ? _variables[place].Value : throw new TemplateException($"undefined variable \"${name}\"");
    }

    private static object? Field(object? value, string field, List<object?> arguments) => (value, field) switch
    {
        (GoObject known, _) => known.Member(field, arguments),
        (TimeSpan span, _) => GoDuration.Member(span, field, arguments),
        _ when arguments.Count > 0 => throw new TemplateException($"can't give argument to non-function {field}"),
        (Labels labels, _) => labels[field],
        (IDictionary map, _) => map[field] ?? "",
        (GoTemplate.AlertData data, "Labels") => data.Labels,
        (GoTemplate.AlertData data, "ExternalLabels") => data.ExternalLabels,
        (GoTemplate.AlertData data, "ExternalURL") => data.ExternalURL,
        (GoTemplate.AlertData data, "Value") => data.Value,
        (VectorElement element, "Labels") => element.Labels,
        (VectorElement element, "Value") => element.Sample.Value,
        _ => throw new TemplateException($"can't evaluate field {field} in {(value is null ? "nil" : GoFormat.TypeOf(value))}"),
    };

    private void Write(string text)
    {
        if (_output.Length + text.Length > library.OutputLimit)
            throw new TemplateException($"the template gives more than {library.OutputLimit} characters");
        _output.Append(text);
    }
}
