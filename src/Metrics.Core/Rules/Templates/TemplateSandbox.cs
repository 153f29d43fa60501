using System.Globalization;
using Scriban;
using Scriban.Syntax;

namespace Metrics.Rules;

/// <summary>
/// What holds a Scriban template within bounds: an unknown name is an error, and loops, recursion, output and time are limited.
/// </summary>
/// <remarks>https://scriban.github.io/docs/runtime/safe-runtime/</remarks>
public static class TemplateSandbox
{
    private const int LoopLimit = 10_000;
    private const int RecursionLimit = 32;
    private const int OutputLimit = 64 * 1024;

    /// <summary>
    /// How long one template may take, by the clock on the wall: it must hold on a busy machine too, where a thread that has nothing wrong
    /// with it waits for its turn. What loops is ended earlier, by the limit of loops.
    /// </summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long the trial of a template may take when it is loaded: the engine itself is compiled then, on a busy machine too.
    /// </summary>
    public static readonly TimeSpan TrialTimeLimit = TimeSpan.FromSeconds(10);

    /// <summary>A context with the limits and nothing else in it.</summary>
    public static TemplateContext CreateContext()
    {
        var context = new TemplateContext
        {
            StrictVariables = true,
            EnableRelaxedMemberAccess = false,
            EnableRelaxedTargetAccess = false,
            LoopLimit = LoopLimit,
            RecursiveLimit = RecursionLimit,
            LimitToString = OutputLimit,
            RegexTimeOut = TimeLimit,
        };
        context.PushCulture(CultureInfo.InvariantCulture);
        return context;
    }

    /// <summary>Renders a template. After a failure the context must not be used again.</summary>
    /// <param name="template">The template.</param>
    /// <param name="context">From <see cref="CreateContext"/>.</param>
    /// <param name="time">For the time limit.</param>
    /// <param name="limit">How long it may take.</param>
    /// <exception cref="TemplateException">An unknown name, a limit, a failing function.</exception>
    public static string Render(Template template, TemplateContext context, TimeProvider time, TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        context.CancellationToken = timeout.Token;
        try
        {
            return template.Render(context);
        }
        catch (ScriptAbortException)
        {
            throw new TemplateException($"the template takes longer than {limit.TotalMilliseconds:0} ms");
        }
        catch (Exception e) when (e is ScriptRuntimeException or OperationCanceledException or ArgumentException
            or InvalidOperationException or FormatException)
        {
            throw new TemplateException(e is ScriptRuntimeException { OriginalMessage: { } reason } script
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"{reason} (line {script.Span.Start.Line + 1}, column {script.Span.Start.Column + 1} of the template)")
                : e.Message);
        }
    }
}
