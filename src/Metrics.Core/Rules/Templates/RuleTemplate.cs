using System.Globalization;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Rules.Templates;
using Metrics.Text;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;
using Scriban.Syntax;

namespace Metrics.Rules;

/// <summary>What a template may see.</summary>
/// <param name="Labels">Labels of the series (and in annotations of the alert).</param>
/// <param name="Value">The value that is judged.</param>
/// <param name="Threshold">The threshold as rendered; NaN where there is none.</param>
/// <param name="At">Time of the evaluation, milliseconds since 1970 UTC.</param>
/// <param name="Window">The rule's window or <c>for</c>.</param>
/// <param name="ExternalUrl">The address under which people reach us, for links.</param>
/// <param name="Ask">The values that an expression gives now, for <c>metric "expr"</c> and <c>count "expr"</c>.</param>
public sealed record TemplateScope(
    Labels Labels, double Value, double Threshold, long At, TimeSpan Window, Func<string, IReadOnlyList<VectorElement>> Ask,
    string ExternalUrl = "")
{
    /// <summary>Labels of the sample, metric name included, as templates written for Prometheus see them.</summary>
    public Labels Sample { get; init; } = Labels;

    /// <summary>What templates written for Prometheus see as <c>$externalLabels</c>.</summary>
    public Labels ExternalLabels { get; init; } = Labels.Empty;

    /// <summary>What the expression gave for the series in the same hour of past weeks.</summary>
    public Func<Baseline> Baseline { get; init; } = () => Rules.Baseline.Empty;

    /// <summary>Whether now lies in a time interval of the configuration.</summary>
    public Func<string, bool> IsWithin { get; init; } = _ => false;

    /// <summary>Why a series is absent, in a sentence; empty where nothing is.</summary>
    public string Absence { get; init; } = "";

    /// <summary>Of a rule over events: the newest that were counted, the newest first.</summary>
    public IReadOnlyList<Event> Events { get; init; } = [];
}

/// <summary>A template could not be rendered; the message says where and why.</summary>
public sealed class TemplateException(string message) : Exception(message)
{
    /// <summary>Line of the template where it was found, from 1 on; 0 where none can be named.</summary>
    public int Line { get; init; }

    /// <summary>Column, from 1 on.</summary>
    public int Column { get; init; }

    /// <summary>The message without the place.</summary>
    public string Reason { get; init; } = message;
}

/// <summary>
/// A Scriban template of a rule: compiled once, strict (an unknown name is an error; a label that a series lacks is empty, as everywhere),
/// limited in loops, recursion, output and time, and folded to its value when it is constant. Not for use by two threads at once.
/// </summary>
/// <remarks>https://scriban.github.io/docs/language/ ; <c>$labels</c> and <c>$value</c> are there for Prometheus's annotations.</remarks>
public sealed class RuleTemplate
{
    private readonly Template? _template;
    private GoTemplate? _go;
    private readonly string? _constant;
    private readonly double? _constantNumber;
    private readonly ScriptObject _globals = new();
    private readonly LabelsObject _labels = new();
    private TemplateContext? _context;
    private TemplateScope? _scope;

    private RuleTemplate(string text, Template? template, string? constant)
    {
        Text = text;
        _template = template;
        _constant = constant;
        if (constant is not null && TryReadNumber(constant, out double number))
            _constantNumber = number;
    }

    /// <summary>The template as it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it is the same for every series and time.</summary>
    public bool IsConstant => _constant is not null;

    /// <summary>
    /// Whether it follows from series, value and threshold alone, so that it need not be rendered again while these stay: it asks neither
    /// for other series nor for the time.
    /// </summary>
    public bool FollowsValueAlone => IsConstant || (_go is null
        ? TemplateNames.FollowValueAlone(_template!.Page)
        : !s_goBeyondValue.Any(name => Text.Contains(name, StringComparison.Ordinal)));

    /// <summary>Its number, when it is constant and a number.</summary>
    public double? ConstantNumber => _constantNumber;

    /// <summary>A text that is no template, whatever it holds.</summary>
    public static RuleTemplate Plain(string text) => new(text, null, text);

    /// <summary>Compiles a template and tries it on a made-up series.</summary>
    /// <param name="text">The template.</param>
    /// <param name="template">The template, when the answer is true.</param>
    /// <param name="error">What is wrong, with line and column within the text.</param>
    public static bool TryCompile(string text, out RuleTemplate? template, out string? error)
    {
        template = null;
        error = null;
        if (!text.Contains("{{", StringComparison.Ordinal))
        {
            template = new RuleTemplate(text, null, text);
            return true;
        }
        return TemplateDialect.TryRead(text, TryCompileScriban, TryCompileGo, out template, out error);
    }

    /// <summary>Parts of names by which Go's templates reach beyond series and value: for other series, the time, our address.</summary>
    private static readonly string[] s_goBeyondValue = ["query", "now", "xternal", "pathPrefix"];

    private static bool TryCompileGo(string text, out RuleTemplate? template, out string? error)
    {
        template = null;
        error = null;
        try
        {
            GoTemplate go = GoTemplate.Parse(text);
            template = new RuleTemplate(text, null, null) { _go = go };
            try
            {
                go.Render(TrialScope, TimeProvider.System, TemplateSandbox.TrialTimeLimit);
            }
            catch (TemplateException e) when (!TemplateDialect.IsCertain(e))
            {
                // With real data it may well work: the trial's labels are empty and its queries give little.
            }
            return true;
        }
        catch (TemplateException e)
        {
            template = null;
            error = e.Message;
            return false;
        }
    }

    private static bool TryCompileScriban(string text, out RuleTemplate? template, out string? error)
    {
        template = null;
        error = null;
        Template parsed = Template.Parse(text);
        if (parsed.HasErrors)
        {
            LogMessage first = parsed.Messages.First(m => m.Type == ParserMessageType.Error);
            (int line, int column) = (first.Span.Start.Line + 1, first.Span.Start.Column + 1);
            error = string.Create(CultureInfo.InvariantCulture, $"{first.Message} (line {line}, column {column} of the template)");
            return false;
        }
        var compiled = new RuleTemplate(text, parsed, null);
        try
        {
            string trial = compiled.RenderWithin(TemplateSandbox.TrialTimeLimit, TrialScope, TimeProvider.System);
            template = TemplateNames.AreNone(parsed.Page) ? new RuleTemplate(text, null, trial) : compiled;
            return true;
        }
        catch (TemplateException e)
        {
            error = e.Message;
            return false;
        }
    }

    /// <summary>A series that no rule will meet: every label reads as empty, every number is 1.</summary>
    private static TemplateScope TrialScope => new(Labels.Empty, 1, 1, 0, TimeSpan.FromMinutes(1), CheckSelector)
    {
        Baseline = () => new Baseline([1]),
        Events = [new Event { Time = 0, ObservedTime = 0, Kind = "", SeverityNumber = 0, Body = "", Fields = [] }],
    };

    private static IReadOnlyList<VectorElement> CheckSelector(string expression) =>
        PreparedQuery.TryParse(expression, out _, out QueryError? error)
            ? [new VectorElement(Labels.Empty, new Sample(0, 1))]
            : throw new ArgumentException($"'{expression}': {error}");

    /// <summary>Renders the template.</summary>
    /// <exception cref="TemplateException">An unknown name, a limit, a failing function.</exception>
    public string Render(TemplateScope scope, TimeProvider time) => RenderWithin(TemplateSandbox.TimeLimit, scope, time);

    private string RenderWithin(TimeSpan limit, TemplateScope scope, TimeProvider time)
    {
        if (_constant is not null)
            return _constant;
        if (_go is not null)
            return _go.Render(scope, time, limit);
        TemplateContext context = _context ??= CreateContext();
        _scope = scope;
        _labels.Values = scope.Labels;
        _globals.SetValue("value", scope.Value, readOnly: false);
        _globals.SetValue("threshold", scope.Threshold, readOnly: false);
        _globals.SetValue("now", DateTimeOffset.FromUnixTimeMilliseconds(scope.At).UtcDateTime, readOnly: false);
        _globals.SetValue("window", Duration.Format(scope.Window), readOnly: false);
        _globals.SetValue("absence", scope.Absence, readOnly: false);
        _globals.SetValue("events", TemplateObjects.Of(scope.Events), readOnly: false);
        context.SetValue(ScriptVariable.Create("value", ScriptVariableScope.Local), scope.Value);
        try
        {
            return TemplateSandbox.Render(_template!, context, time, limit);
        }
        catch (TemplateException)
        {
            // What a failed render left on the context's stacks must not reach the next.
            _context = null;
            throw;
        }
    }

    /// <summary>Renders the template as a number.</summary>
    /// <exception cref="TemplateException">As <see cref="Render"/>, or the text is no number.</exception>
    public double RenderNumber(TemplateScope scope, TimeProvider time)
    {
        if (_constantNumber is { } constant)
            return constant;
        string text = Render(scope, time);
        return TryReadNumber(text, out double number)
            ? number
            : throw new TemplateException($"the template gives '{Shorten(text.Trim())}', which is not a number");
    }

    private static bool TryReadNumber(string text, out double number) =>
        FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes(text.Trim()), out number) && !double.IsNaN(number);

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";

    private TemplateContext CreateContext()
    {
        TemplateContext context = TemplateSandbox.CreateContext();
        _globals.SetValue("labels", _labels, readOnly: false);
        TemplateFunctions.AddTo(_globals, expression => _scope!.Ask(expression));
        _globals.Import("within", (string interval) => _scope!.IsWithin(interval));
        _globals.SetValue("baseline", new BaselineObject(() => _scope!.Baseline()), readOnly: true);
        context.PushGlobal(_globals);
        context.SetValue(ScriptVariable.Create("labels", ScriptVariableScope.Local), _labels);
        return context;
    }
}
