using System.Globalization;
using Metrics.Rules;
using Metrics.Text;
using Scriban;
using Scriban.Runtime;
using Scriban.Syntax;

namespace Metrics.Notifiers;

/// <summary>
/// A Scriban template of a message: strict, limited, compiled and tried when it is loaded. When it fails all the same, the message goes out
/// as plain text that says so.
/// </summary>
/// <param name="text">The template.</param>
/// <param name="template">Compiled.</param>
internal sealed class MessageTemplate(string text, Template template)
{
    /// <summary>The template as it was written.</summary>
    public string Text => text;

    /// <summary>Reads a template of a section; null when it is not given.</summary>
    public static MessageTemplate? Read(YamlSection section, string key)
    {
        if (section.Text(key) is not { } text)
            return null;
        Template parsed = Template.Parse(text);
        var template = new MessageTemplate(text, parsed);
        if (parsed.HasErrors)
        {
            Scriban.Parsing.LogMessage first = parsed.Messages.First(m => m.Type == Scriban.Parsing.ParserMessageType.Error);
            section.Report(
                key, string.Create(
                CultureInfo.InvariantCulture,
                $"is no template: {first.Message} (line {first.Span.Start.Line + 1}, column {first.Span.Start.Column + 1} of the "
                    + $"template){GoHint(text)}"));
            return null;
        }
        foreach (AlertMessage trial in Trials)
        {
            if (!template.TryRender(trial, TimeProvider.System, TemplateSandbox.TrialTimeLimit, out string said))
            {
                section.Report(key, $"fails when it is tried: {said}{GoHint(text)}");
                return null;
            }
        }
        return template;
    }

    /// <summary>Renders it; what stands in its place when it fails says why.</summary>
    /// <param name="message">The message.</param>
    /// <param name="plain">What is said when the template fails.</param>
    /// <param name="time">For the time limit.</param>
    public string Render(AlertMessage message, Func<AlertMessage, string> plain, TimeProvider time) =>
        TryRender(message, time, TemplateSandbox.TimeLimit, out string said)
            ? said
            : $"{plain(message)}\n(The template of this message failed: {said})";

    private bool TryRender(AlertMessage message, TimeProvider time, TimeSpan limit, out string said)
    {
        TemplateContext context = TemplateSandbox.CreateContext();
        context.PushGlobal(Globals(message));
        try
        {
            said = TemplateSandbox.Render(template, context, time, limit);
            return true;
        }
        catch (TemplateException e)
        {
            said = e.Message;
            return false;
        }
    }

    private static ScriptObject Globals(AlertMessage message)
    {
        List<ScriptObject> alerts = [.. message.Alerts.Select(Alert)];
        return new ScriptObject
        {
            ["status"] = message.Status,
            ["receiver"] = message.Receiver,
            ["group_labels"] = Texts(message.GroupLabels),
            ["common_labels"] = Texts(message.CommonLabels),
            ["common_annotations"] = Texts(message.CommonAnnotations),
            ["external_url"] = message.ExternalUrl,
            ["ack_url"] = message.Links?.Acknowledge ?? "",
            ["silence_url"] = message.Links?.Silence ?? "",
            ["title"] = MessageText.Title(message),
            ["text"] = MessageText.Plain(message),
            ["alerts"] = alerts,
            ["firing"] = alerts.Where(a => (string)a["status"]! == "firing").ToList(),
            ["resolved"] = alerts.Where(a => (string)a["status"]! == "resolved").ToList(),
        };
    }

    private static ScriptObject Alert(MessageAlert alert) => new()
    {
        ["status"] = alert.Status,
        ["labels"] = Texts(alert.Labels),
        ["annotations"] = Texts(alert.Annotations),
        ["starts_at"] = alert.StartsAt,
        ["ends_at"] = alert.EndsAt,
        ["generator_url"] = alert.GeneratorUrl,
        ["fingerprint"] = alert.Fingerprint,
        ["value"] = alert.Source?.Value ?? double.NaN,
        ["threshold"] = alert.Source?.Bound ?? double.NaN,
    };

    private static LabelTexts Texts(IReadOnlyDictionary<string, string> texts)
    {
        var labels = new LabelTexts();
        foreach ((string name, string value) in texts)
            labels[name] = value;
        return labels;
    }

    private static string GoHint(string text) =>
        text.Contains("{{ .", StringComparison.Ordinal)
            || text.Contains("{{ template", StringComparison.Ordinal)
            || text.Contains("{{.", StringComparison.Ordinal)
        ? "; templates of messages are Scriban, such as {{ common_labels.alertname }}, not Go's" : "";

    private static readonly AlertMessage[] Trials =
        [.. new[] { "firing", "resolved" }.Select(status => AlertMessage.Of("{}:{}", Model.Labels.Empty,
        [new MessageAlert { Status = status, Labels = new Dictionary<string, string>(), Annotations = new Dictionary<string, string>(),
            StartsAt = AlertMessage.NoTime, EndsAt = AlertMessage.NoTime, GeneratorUrl = "", Fingerprint = "" }],
        "", "http://localhost"))];

    /// <summary>Labels as a template sees them: one that is not there is empty.</summary>
    private sealed class LabelTexts : ScriptObject
    {
        public override bool TryGetValue(TemplateContext? context, Scriban.Parsing.SourceSpan span, string member, out object? value)
        {
            if (!base.TryGetValue(context!, span, member, out value))
                value = "";
            return true;
        }
    }
}
