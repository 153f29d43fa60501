using System.Globalization;
using Metrics.Rules.Sigma;

namespace Metrics.Rules;

/// <summary>Says what became of the Sigma rules: counts, and a line of the log each time that they are read.</summary>
internal sealed partial class SigmaReport(SigmaMetrics metrics, ILogger<SigmaReport> log)
{
    private const int MaxFaults = 20;

    /// <summary>Notes what was read.</summary>
    public void Note(SigmaLoad load)
    {
        metrics.Loaded.Set(load.Loaded);
        List<string> away = [];
        foreach (string reason in SigmaReasons.Words)
        {
            int count = load.Rules.Count(r => r.Reason?.Word() == reason);
            metrics.Refused.WithLabels(reason).Set(count);
            if (count > 0)
                away.Add($"{count} {reason}");
        }
        if (load.Rules.Count == 0)
            return;
        string why = away.Count == 0 ? "none" : string.Join(", ", away);
        List<SigmaFault> broken = [.. load.Broken];
        if (broken.Count == 0)
            LogLoaded(load.Loaded, why);
        else
            LogBroken(load.Loaded, why, string.Join('\n', broken.Take(MaxFaults)) + Rest(broken.Count - MaxFaults));
    }

    private static string Rest(int more) => more <= 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"\n… and {more} more");

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Loaded} Sigma rules are loaded; not loaded, by reason: {Away} (metricsd sigma check says which)")]
    private partial void LogLoaded(int loaded, string away);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Loaded} Sigma rules are loaded; not loaded, by reason: {Away} (metricsd sigma check says which)\n{Broken}")]
    private partial void LogBroken(int loaded, string away, string broken);
}
