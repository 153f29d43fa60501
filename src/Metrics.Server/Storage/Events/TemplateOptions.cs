using Metrics.Text;

namespace Metrics.Storage.Events;

/// <summary>Whether kinds of lines are learned, and when a new one is an event: section <c>events.templates</c>.</summary>
/// <param name="IsEnabled">Whether they are. Default true.</param>
/// <param name="Learn">How long a source is heard before a kind of it can be new. Default 1 d.</param>
/// <param name="MaxNew">Events of new kinds in an hour, of one source; more are counted alone. Default 20.</param>
/// <param name="MaxBytes">Memory for all kinds of all sources. Default 32 MiB.</param>
internal sealed record TemplateOptions(bool IsEnabled, TimeSpan Learn, int MaxNew, long MaxBytes)
{
    /// <summary>The defaults.</summary>
    public static TemplateOptions Default { get; } = new(true, TimeSpan.FromDays(1), 20, 32L << 20);

    public static TemplateOptions Read(YamlSection section)
    {
        var options = new TemplateOptions(
            section.Flag("enabled", Default.IsEnabled),
            section.Duration("learn", Default.Learn, min: TimeSpan.FromSeconds(1)),
            section.Number("max_new", Default.MaxNew, min: 1, max: 10_000),
            section.Bytes("max_bytes", Default.MaxBytes, min: 1L << 20));
        section.Finish();
        return options;
    }
}
