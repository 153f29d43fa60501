namespace Metrics.Rules.Templates;

/// <summary>A function of Go's templates.</summary>
/// <param name="Least">Fewest arguments.</param>
/// <param name="Most">Most arguments.</param>
/// <param name="Call">What it does.</param>
internal sealed record GoFunction(int Least, int Most, Func<List<object?>, TemplateScope, object?> Call);

/// <summary>What Go's templates find in one place of use: functions, variables, and how much they may do.</summary>
/// <param name="Functions">The functions by name, those of <c>text/template</c> included.</param>
/// <param name="Variables">Variables that are there from the start, without the dollar.</param>
/// <param name="AreNamed">Whether <c>define</c>, <c>block</c> and <c>template</c> may be used.</param>
/// <param name="OutputLimit">Longest text, characters.</param>
/// <param name="StepLimit">Most steps of one rendering.</param>
internal sealed record GoLibrary(
    IReadOnlyDictionary<string, GoFunction> Functions, IReadOnlyList<string> Variables, bool AreNamed, int OutputLimit, int StepLimit)
{
    /// <summary>Longest text of a rule, characters.</summary>
    public const int RuleText = 64 << 10;

    /// <summary>Longest text of a message, characters.</summary>
    public const int MessageText = 1 << 20;

    /// <summary>Annotations and labels of rules, as Prometheus has them.</summary>
    public static GoLibrary Rules { get; } = new(
        GoFunctions.Merge(GoFunctions.Common, PrometheusFunctions.All), ["labels", "externalLabels", "externalURL", "value"], false,
        RuleText, 100_000);

    /// <summary>Messages, as Alertmanager has them.</summary>
    public static GoLibrary Messages { get; } =
        new(GoFunctions.Merge(GoFunctions.Common, AlertmanagerFunctions.All), [], true, MessageText, 1_000_000);

    /// <summary>What a function fails with whose text is longer than it may be.</summary>
    public static TemplateException TooLong(string function, int longest) => new($"{function} gives more than {longest} characters");

    public object? Call(string name, List<object?> arguments, TemplateScope scope)
    {
        GoFunction function = Functions[name];
        (int min, int max) = (function.Least, function.Most);
        if (arguments.Count < min || arguments.Count > max)
            throw new TemplateException($"wrong number of args for {name}: want {(min == max ? min : $"at least {min}")} got "
                + $"{arguments.Count}");
        try
        {
            object? result = function.Call(arguments, scope);
            return result is string text && text.Length > OutputLimit
                ? throw TooLong(name, OutputLimit)
                : result;
        }
        catch (ArgumentException e)
        {
            throw new TemplateException($"error calling {name}: {e.Message}");
        }
    }
}
