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

    private const string Prefix = "template/";

    /// <summary>Whether a position is that of a kind.</summary>
    public static bool IsOne(SourcePosition position) => position.Key.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>As a position; its key is the template's id.</summary>
    public static SourcePosition Of(TemplateSource source, LineTemplate template) => new(Source, $"{Prefix}{template.Id}",
        JsonSerializer.Serialize(new StoredTemplate(
            source.Host, source.Service, template.Masked, template.Example, template.First, template.Last, template.Count)));

    /// <summary>That it is known no more.</summary>
    public static SourcePosition Gone(LineTemplate template) => new(Source, $"{Prefix}{template.Id}", null);

    /// <summary>From what was stored.</summary>
    /// <returns>Its id, and it; null where it is damaged.</returns>
    public static (long Id, StoredTemplate Template)? From(SourcePosition position) =>
        long.TryParse(position.Key.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
        && position.Read<StoredTemplate>() is { Masked.Length: > 0, First: >= 0, Last: >= 0, Count: > 0 } template
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

    /// <summary>Whether a position is that of a source.</summary>
    public static bool IsOne(SourcePosition position) => position.Key.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>From what was stored; null where it is damaged.</summary>
    public static StoredTemplateSource? From(SourcePosition position) =>
        position.Read<StoredTemplateSource>() is { Since: >= 0, FullUntil: >= 0 } source
        && KeyOf(source.Host, source.Service) == position.Key ? source : null;

    private static string KeyOf(TemplateSource source) => KeyOf(source.Host, source.Service);

    private static string KeyOf(string host, string service) => $"{Prefix}{host}/{service}";
}
