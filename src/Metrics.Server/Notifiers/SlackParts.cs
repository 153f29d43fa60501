using System.Text.Json.Nodes;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>A part of a Slack attachment: names of Slack's, each with a template of its value.</summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#slack_config</remarks>
internal sealed record SlackPart(IReadOnlyList<(string Name, MessageTemplate Value)> Values)
{
    private static readonly string[] s_ofAction = ["type", "text", "url", "name", "value", "style"];
    private static readonly string[] s_ofConfirmation = ["text", "title", "ok_text", "dismiss_text"];

    /// <summary>Whether a field stands beside others; null where it is not a field.</summary>
    public bool? Short { get; init; }

    /// <summary>What an action asks before it is done; null is nothing.</summary>
    public SlackPart? Confirm { get; init; }

    /// <summary>The keys of an attachment itself, of which those are read that are given.</summary>
    public static SlackPart OfAttachment(YamlSection section, NotifierDefaults defaults) =>
        Read(section, ["color", "fallback", "pretext", "title_link", "image_url", "thumb_url", "footer", "callback_id"], defaults);

    public static IReadOnlyList<SlackPart> Fields(YamlSection section, NotifierDefaults defaults)
    {
        bool areShort = section.Flag("short_fields", false);
        return ReadAll(section, "fields", field =>
        {
            Require(field, "title", "value");
            return Read(field, ["title", "value"], defaults) with { Short = field.Flag("short", areShort) };
        });
    }

    public static IReadOnlyList<SlackPart> Actions(YamlSection section, NotifierDefaults defaults) =>
        ReadAll(section, "actions", action =>
        {
            Require(action, "type", "text");
            YamlSection confirm = action.Section("confirm");
            SlackPart part = Read(action, s_ofAction, defaults) with
            {
                Confirm = action.Has("confirm") ? Read(confirm, s_ofConfirmation, defaults) : null,
            };
            confirm.Finish();
            return part;
        });

    /// <summary>Adds what it says to an object; what is empty, or fails, is left out.</summary>
    public JsonObject AddTo(JsonObject to, AlertMessage message, Func<string, string> escape, TimeProvider time)
    {
        foreach ((string name, MessageTemplate template) in Values)
        {
            bool isAddress = name.EndsWith("_url", StringComparison.Ordinal) || name is "url" or "title_link";
            if (template.Value(message, isAddress ? text => text : escape, time) is { Length: > 0 } value)
                to[name] = value;
        }
        if (Short is { } isShort)
            to["short"] = isShort;
        if (Confirm is not null)
            to["confirm"] = Confirm.AddTo([], message, escape, time);
        return to;
    }

    private static SlackPart Read(YamlSection section, IEnumerable<string> keys, NotifierDefaults defaults)
    {
        var values = new List<(string, MessageTemplate)>();
        foreach (string key in keys)
        {
            if (MessageTemplate.Read(section, key, defaults.Templates) is { } template)
                values.Add((key, template));
        }
        return new SlackPart(values);
    }

    private static List<SlackPart> ReadAll(YamlSection section, string key, Func<YamlSection, SlackPart> read)
    {
        var all = new List<SlackPart>();
        foreach (YamlSection entry in section.Sections(key))
        {
            all.Add(read(entry));
            entry.Finish();
        }
        return all;
    }

    private static void Require(YamlSection section, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
            _ = section.RequiredText(key);
    }
}
