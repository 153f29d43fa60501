using System.Globalization;
using System.Text.Json;
using Metrics.Formats.Logs.Templates;
using Metrics.Model;

namespace Metrics.Intake.Templates;

/// <summary>A kind of line as it is stored beside the events, in the commit of the line that changed it.</summary>
internal sealed record StoredTemplate(string Host, string Service, string Masked, string Example, long First, long Last, long Count)
{
    /// <summary>Whose positions they are.</summary>
    public const string Source = "log templates";

    /// <summary>As a position; its key is the template's id.</summary>
    public static SourcePosition Of(TemplateSource source, LineTemplate template) => new(Source, $"template/{template.Id}",
        JsonSerializer.Serialize(new StoredTemplate(
            source.Host, source.Service, template.Masked, template.Example, template.First, template.Last, template.Count)));

    /// <summary>That it is known no more.</summary>
    public static SourcePosition Gone(LineTemplate template) => new(Source, $"template/{template.Id}", null);

    /// <summary>From what was stored.</summary>
    /// <returns>Its id, and it; null where it is another's.</returns>
    public static (long Id, StoredTemplate Template)? From(SourcePosition position) =>
        position.Key.Split('/') is ["template", var id]
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
        && StoredJson.Read<StoredTemplate>(position) is { Masked.Length: > 0 } template
            ? (number, template) : null;
}

/// <summary>A source as it is stored.</summary>
internal sealed record StoredTemplateSource(string Host, string Service, long Since, long FullUntil)
{
    private const string Prefix = "source/";

    /// <summary>As a position.</summary>
    public static SourcePosition Of(TemplateSource source) => new(StoredTemplate.Source, KeyOf(source),
        JsonSerializer.Serialize(new StoredTemplateSource(source.Host, source.Service, source.Since, source.FullUntil)));

    /// <summary>That it is known no more.</summary>
    public static SourcePosition Gone(TemplateSource source) => new(StoredTemplate.Source, KeyOf(source), null);

    /// <summary>From what was stored; null where it is another's.</summary>
    public static StoredTemplateSource? From(SourcePosition position) =>
        position.Key.StartsWith(Prefix, StringComparison.Ordinal) ? StoredJson.Read<StoredTemplateSource>(position) : null;

    private static string KeyOf(TemplateSource source) => $"{Prefix}{source.Host}/{source.Service}";
}

/// <summary>What was stored, by whichever version.</summary>
file static class StoredJson
{
    /// <returns>It; null where it is nothing of ours.</returns>
    public static T? Read<T>(SourcePosition position)
        where T : class
    {
        try
        {
            return position.State is { } state ? JsonSerializer.Deserialize<T>(state) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
