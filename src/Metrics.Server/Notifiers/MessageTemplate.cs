using System.Globalization;
using Metrics.Rules;
using Metrics.Rules.Templates;
using Metrics.Text;
using Scriban;
using Scriban.Runtime;
using Scriban.Syntax;

namespace Metrics.Notifiers;

/// <summary>
/// A template of a message, in our language or in Go's (<see cref="TemplateDialect"/>): limited, compiled and tried when it is loaded. When
/// it fails all the same, the message goes out as plain text that says so.
/// </summary>
internal sealed class MessageTemplate
{
    private readonly Template? _scriban;
    private readonly GoTemplate? _go;
    private readonly bool _isHtml;

    private MessageTemplate(string text, Template? scriban, GoTemplate? go, bool isHtml)
    {
        Text = text;
        _scriban = scriban;
        _go = go;
        _isHtml = isHtml;
    }

    /// <summary>The template as it was written.</summary>
    public string Text { get; }

    /// <summary>
    /// Whether it is Go's: whoever wrote it for Alertmanager knows that what it gives is sent as it is, markup of labels included.
    /// </summary>
    public bool IsGo => _go is not null;

    /// <summary>Reads a template of a section; null when it is not given.</summary>
    /// <param name="section">The section.</param>
    /// <param name="key">The key.</param>
    /// <param name="templates">What it may use by name.</param>
    /// <param name="isHtml">Whether it is HTML, in which Go's templates encode values.</param>
    public static MessageTemplate? Read(YamlSection section, string key, MessageTemplates templates, bool isHtml = false)
    {
        if (section.Text(key) is not { } text)
            return null;
        bool isRead = TemplateDialect.TryRead(
            text, TryReadScriban,
            (string t, out MessageTemplate? found, out string? why) => TryReadGo(t, templates, isHtml, out found, out why),
            out MessageTemplate? template, out string? error);
        if (!isRead)
            section.Report(key, error!);
        return template;
    }

    /// <summary>Reads the templates of a section whose keys are names that people choose.</summary>
    public static IReadOnlyList<(string Name, MessageTemplate Value)> ReadAll(YamlSection section, MessageTemplates templates)
    {
        var all = new List<(string, MessageTemplate)>();
        foreach (string name in section.Keys.ToList())
        {
            if (Read(section, name, templates) is { } template)
                all.Add((name, template));
        }
        section.Finish();
        return all;
    }

    /// <summary>Renders it; what stands in its place when it fails says why.</summary>
    /// <param name="message">The message.</param>
    /// <param name="plain">What is said when the template fails.</param>
    /// <param name="time">For the time limit.</param>
    public string Render(AlertMessage message, Func<AlertMessage, string> plain, TimeProvider time) =>
        TryRender(message, time, TemplateSandbox.TimeLimit, out string said) ? said : Failed(message, plain, said);

    /// <summary>A title, or by default ours: in one line and escaped, but for Go's texts, which are sent as they are.</summary>
    public static string Title(MessageTemplate? template, AlertMessage message, Func<string, string> escape, TimeProvider time) =>
        Written(template, message, MessageText.Title, text => escape(MessageText.OneLine(text)), time);

    /// <summary>
    /// A text, or by default ours: escaped, but for Go's texts, which are sent as they are. They know nothing of what we note of a message,
    /// that nobody has acknowledged it or that it stands for many: that stands before them.
    /// </summary>
    public static string Body(MessageTemplate? template, AlertMessage message, Func<string, string> escape, TimeProvider time)
    {
        string body = Written(template, message, MessageText.Plain, escape, time);
        return template is { IsGo: true } && message.Note is { } note ? $"{escape(note)}\n{body}" : body;
    }

    /// <summary>A short value, such as a colour or an address; null where it fails.</summary>
    public string? Value(AlertMessage message, Func<string, string> escape, TimeProvider time)
    {
        if (!TryRender(message, time, TemplateSandbox.TimeLimit, out string said))
            return null;
        return IsGo ? said : escape(said);
    }

    private static string Written(
        MessageTemplate? template, AlertMessage message, Func<AlertMessage, string> plain, Func<string, string> escape, TimeProvider time)
    {
        if (template is null)
            return escape(plain(message));
        if (template.TryRender(message, time, TemplateSandbox.TimeLimit, out string said))
            return template.IsGo ? said : escape(said);
        return escape(template.Failed(message, plain, said));
    }

    private string Failed(AlertMessage message, Func<AlertMessage, string> plain, string why) =>
        $"{plain(message)}\n(The template of this message failed: {(_isHtml ? EmailHtml.Encode(why) : why)})";

    private static bool TryReadScriban(string text, out MessageTemplate? template, out string? error)
    {
        template = null;
        Template parsed = Template.Parse(text);
        if (parsed.HasErrors)
        {
            Scriban.Parsing.LogMessage first = parsed.Messages.First(m => m.Type == Scriban.Parsing.ParserMessageType.Error);
            error = string.Create(
                CultureInfo.InvariantCulture,
                $"is no template: {first.Message} (line {first.Span.Start.Line + 1}, column {first.Span.Start.Column + 1} of the template)");
            return false;
        }
        var read = new MessageTemplate(text, parsed, null, false);
        foreach (AlertMessage trial in Trials)
        {
            if (!read.TryRender(trial, TimeProvider.System, TemplateSandbox.TrialTimeLimit, out string said))
            {
                error = $"fails when it is tried: {said}";
                return false;
            }
        }
        (template, error) = (read, null);
        return true;
    }

    private static bool TryReadGo(string text, MessageTemplates templates, bool isHtml, out MessageTemplate? template, out string? error)
    {
        (template, error) = (null, null);
        try
        {
            var read = new MessageTemplate(text, null, GoTemplate.Parse(text, templates.Defines), isHtml);
            foreach (AlertMessage trial in Trials)
                read.Try(trial);
            template = read;
            return true;
        }
        catch (TemplateException e)
        {
            error = $"is no template: {e.Message}";
            return false;
        }
    }

    private void Try(AlertMessage trial)
    {
        try
        {
            _go!.Render(MessageData.Of(trial), 0, _isHtml);
        }
        catch (TemplateException e) when (!TemplateDialect.IsCertain(e))
        {
            // With real data it may well work: the trial has one alert without labels.
        }
    }

    private bool TryRender(AlertMessage message, TimeProvider time, TimeSpan limit, out string said)
    {
        try
        {
            said = _go is not null
                ? _go.Render(MessageData.Of(message), time.GetUtcNow().ToUnixTimeMilliseconds(), _isHtml)
                : RenderScriban(message, time, limit);
            return true;
        }
        catch (TemplateException e)
        {
            said = e.Message;
            return false;
        }
    }

    private string RenderScriban(AlertMessage message, TimeProvider time, TimeSpan limit)
    {
        TemplateContext context = TemplateSandbox.CreateContext();
        context.PushGlobal(Globals(message));
        return TemplateSandbox.Render(_scriban!, context, time, limit);
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
