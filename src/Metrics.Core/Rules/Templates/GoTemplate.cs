using Metrics.Model;

namespace Metrics.Rules.Templates;

/// <summary>
/// A template in Go's language, as Prometheus's annotations and Alertmanager's messages are written. Immutable; every render has its own
/// state.
/// </summary>
/// <param name="library">What it finds.</param>
/// <param name="nodes">Its parts.</param>
/// <param name="defines">The templates that it knows by name.</param>
internal sealed class GoTemplate(GoLibrary library, List<GoNode> nodes, IReadOnlyDictionary<string, List<GoNode>> defines)
{
    /// <summary>Reads an annotation or a label of a rule.</summary>
    /// <exception cref="TemplateException">It cannot be read.</exception>
    public static GoTemplate Parse(string text)
    {
        GoSource source = GoParser.Parse(text, GoLibrary.Rules);
        return new GoTemplate(GoLibrary.Rules, source.Nodes, source.Defines);
    }

    /// <summary>Reads a text of a message.</summary>
    /// <param name="text">The text.</param>
    /// <param name="defines">The templates that it may use; its own come on top of them.</param>
    /// <exception cref="TemplateException">It cannot be read, or uses a template that is not there.</exception>
    public static GoTemplate Parse(string text, GoDefines defines)
    {
        GoSource source = GoParser.Parse(text, GoLibrary.Messages);
        GoDefines all = defines.With(source.Defines);
        string? missing = GoDefines.UsedIn(source.Nodes).FirstOrDefault(name => !all.ByName.ContainsKey(name));
        return missing is null
            ? new GoTemplate(GoLibrary.Messages, source.Nodes, all.ByName)
            : throw new TemplateException($"template \"{missing}\" is not defined: neither by Alertmanager nor in a file of templates");
    }

    /// <summary>Renders an annotation or a label of a rule.</summary>
    /// <param name="scope">What it sees.</param>
    /// <param name="time">For the time limit.</param>
    /// <param name="limit">How long it may take.</param>
    /// <exception cref="TemplateException">It fails.</exception>
    public string Render(TemplateScope scope, TimeProvider time, TimeSpan limit)
    {
        var data = new AlertData(scope.Sample, scope.ExternalLabels, scope.ExternalUrl, scope.Value);
        return new GoRun(
            library, defines, scope, null,
            [("", data), ("labels", data.Labels), ("externalLabels", data.ExternalLabels), ("externalURL", data.ExternalURL),
                ("value", data.Value)], time, limit).Write(nodes, data);
    }

    /// <summary>Renders it over other data, within <see cref="TemplateSandbox.TimeLimit"/>.</summary>
    /// <param name="data">The dot.</param>
    /// <param name="at">Now, milliseconds since 1970 UTC.</param>
    /// <param name="isHtml">Whether the text is HTML, in which values are encoded for where they stand.</param>
    /// <exception cref="TemplateException">It fails.</exception>
    public string Render(object data, long at, bool isHtml)
    {
        var scope = new TemplateScope(
            Labels.Empty, double.NaN, double.NaN, at, TimeSpan.Zero, _ => throw new TemplateException("there are no queries here"));
        var run = new GoRun(
            library, defines, scope, isHtml ? new GoHtml() : null, [("", data)], TimeProvider.System, TemplateSandbox.TimeLimit);
        return run.Write(nodes, data);
    }

    /// <summary>The data that a template of Prometheus sees as its dot.</summary>
    internal sealed record AlertData(Labels Labels, Labels ExternalLabels, string ExternalURL, double Value);
}
