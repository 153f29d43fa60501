using System.Text.Json;
using Metrics.Hosting;

namespace Metrics.Cli;

/// <summary>Asks the running daemon what a reload of a configuration would do.</summary>
internal static class ReloadCheck
{
    /// <summary>Asks it.</summary>
    /// <param name="options">The configuration that is not in force.</param>
    /// <param name="daemon">The daemon.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="CommandException">Nobody answers, or not this.</exception>
    public static async Task<ReloadEffect> AskAsync(MetricsOptions options, DaemonClient daemon, CancellationToken cancel)
    {
        JsonElement answer = await daemon.PostAsync(ReloadPreview.Path, options.Sections, cancel);
        return daemon.Read(answer, a => a.Deserialize<ReloadEffect>(ReloadPreview.Json) ?? throw new JsonException("it is null"));
    }

    /// <summary>What would happen, for people.</summary>
    public static IReadOnlyList<string> Lines(ReloadEffect effect) =>
        effect.Lines().ToList() is { Count: > 0 } lines ? lines : ["A reload would restart nothing."];
}
