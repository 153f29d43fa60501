using System.Collections;
using System.Text;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Templates;

/// <summary>A template in Go's language, as Prometheus's annotations are written. Immutable; every render has its own state.</summary>
internal sealed class GoTemplate
{
    private const int OutputLimit = 64 * 1024;
    private const int StepLimit = 100_000;

    private readonly List<GoNode> _nodes;

    private GoTemplate(List<GoNode> nodes) => _nodes = nodes;

    /// <exception cref="TemplateException">It cannot be read.</exception>
    public static GoTemplate Parse(string text) => new(GoParser.Parse(text));

    /// <exception cref="TemplateException">It fails.</exception>
    public string Render(TemplateScope scope)
    {
        var run = new Run(scope);
        run.Execute(_nodes, run.Data);
        return run.Output;
    }

    /// <summary>The data that a template of Prometheus sees as its dot.</summary>
    internal sealed record AlertData(Labels Labels, Labels ExternalLabels, string ExternalURL, double Value);

    private enum Jump
    {
        None,
        Break,
        Continue,
    }

    private sealed class Run
    {
        private readonly TemplateScope _scope;
        private readonly StringBuilder _output = new();
        private readonly List<(string Name, object? Value)> _variables = [];
        private int _steps;

        public Run(TemplateScope scope)
        {
            _scope = scope;
            Data = new AlertData(scope.Sample, scope.ExternalLabels, scope.ExternalUrl, scope.Value);
            _variables.AddRange(
                [("", Data), ("labels", Data.Labels), ("externalLabels", Data.ExternalLabels), ("externalURL", Data.ExternalURL),
                ("value", Data.Value)]);
        }

        public AlertData Data { get; }

        public string Output => _output.ToString();

        public Jump Execute(List<GoNode> nodes, object? dot)
        {
            int scope = _variables.Count;
            foreach (GoNode node in nodes)
            {
                if (++_steps > StepLimit)
                    throw new TemplateException($"the template takes more than {StepLimit} steps");
                Jump jump = Execute(node, dot);
                if (jump != Jump.None)
                {
                    _variables.RemoveRange(scope, _variables.Count - scope);
                    return jump;
                }
            }
            _variables.RemoveRange(scope, _variables.Count - scope);
            return Jump.None;
        }

        private Jump Execute(GoNode node, object? dot)
        {
            switch (node)
            {
                case GoText text:
                    Write(text.Text);
                    return Jump.None;
                case GoJump jump:
                    return jump.IsBreak ? Jump.Break : Jump.Continue;
                case GoAction action:
                    object? value = Evaluate(action.Pipeline, dot);
                    if (action.Variable is null)
                        Write(GoFormat.Print(value));
                    else
                        Assign(action.Variable, value, action.Declares);
                    return Jump.None;
                case GoBranch branch:
                    return Branch(branch, dot);
                default:
                    return Loop((GoRange)node, dot);
            }
        }

        private Jump Branch(GoBranch branch, object? dot)
        {
            int scope = _variables.Count;
            object? condition = Evaluate(branch.Condition, dot);
            if (branch.Variable is not null)
                _variables.Add((branch.Variable, condition));
            bool isTrue = GoFunctions.IsTrue(condition);
            Jump jump = Execute(isTrue ? branch.Then : branch.Else, isTrue && branch.IsWith ? condition : dot);
            _variables.RemoveRange(scope, _variables.Count - scope);
            return jump;
        }

        private Jump Loop(GoRange range, object? dot)
        {
            var elements = Elements(Evaluate(range.Over, dot)).ToList();
            if (elements.Count == 0)
                return Execute(range.Else, dot);
            foreach ((object key, object? element) in elements)
            {
                int scope = _variables.Count;
                if (range.Key is not null)
                    _variables.Add((range.Key, key));
                if (range.Element is not null)
                    _variables.Add((range.Element, element));
                Jump jump = Execute(range.Body, element);
                _variables.RemoveRange(scope, _variables.Count - scope);
                if (jump == Jump.Break)
                    break;
            }
            return Jump.None;
        }

        private static IEnumerable<(object Key, object? Element)> Elements(object? value) => value switch
        {
            null => [],
            Labels labels => labels.Select(l => ((object)l.Name, (object?)l.Value)),
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
            if (command.Operands[0].Kind != GoOperandKind.Function)
                return piped ? throw new TemplateException("can't give argument to non-function") : Evaluate(command.Operands[0], dot);
            var arguments = command.Operands.Skip(1).Select(o => Evaluate(o, dot)).ToList();
            if (piped)
                arguments.Add(last);
            return GoFunctions.Call((string)command.Operands[0].Value!, arguments, _scope);
        }

        private object? Evaluate(GoOperand operand, object? dot)
        {
            object? value = operand.Kind switch
            {
                GoOperandKind.Literal => operand.Value,
                GoOperandKind.Dot => dot,
                GoOperandKind.Variable => Variable((string)operand.Value!),
                GoOperandKind.Function => GoFunctions.Call((string)operand.Value!, [], _scope),
                _ => Evaluate((GoPipeline)operand.Value!, dot),
            };
            foreach (string field in operand.Fields)
                value = Field(value, field);
            return value;
        }

        private object? Variable(string name)
        {
            int place = _variables.FindLastIndex(v => v.Name == name);
            return place >= 0 ? _variables[place].Value : throw new TemplateException($"undefined variable \"${name}\"");
        }

        private static object? Field(object? value, string field) => (value, field) switch
        {
            (Labels labels, _) => labels[field],
            (IDictionary map, _) => map[field] ?? "",
            (AlertData data, "Labels") => data.Labels,
            (AlertData data, "ExternalLabels") => data.ExternalLabels,
            (AlertData data, "ExternalURL") => data.ExternalURL,
            (AlertData data, "Value") => data.Value,
            (VectorElement element, "Labels") => element.Labels,
            (VectorElement element, "Value") => element.Sample.Value,
            _ => throw new TemplateException($"can't evaluate field {field} in {(value is null ? "nil" : GoFormat.TypeOf(value))}"),
        };

        private void Write(string text)
        {
            if (_output.Length + text.Length > OutputLimit)
                throw new TemplateException($"the template gives more than {OutputLimit} characters");
            _output.Append(text);
        }
    }
}
