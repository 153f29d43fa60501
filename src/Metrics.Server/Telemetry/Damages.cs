using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Telemetry;

/// <summary>
/// What was found damaged or gone in the data folder since the start, and what was done about it: the daemon goes on, so it must say it
/// where people look. Safe for use by several threads.
/// </summary>
internal sealed partial class Damages
{
    private const int Shown = 20;

    private readonly Lock _lock = new();
    private readonly List<(string File, string Text)> _all = [];
    private ILogger _log = NullLogger.Instance;

    public Damages(MetricRegistry registry) => Metrics = new DamageMetrics(registry);

    /// <summary>How many there were.</summary>
    public DamageMetrics Metrics { get; }

    /// <summary>The first of them, in their order.</summary>
    public IReadOnlyList<(string File, string Text)> All
    {
        get
        {
            lock (_lock)
                return [.. _all];
        }
    }

    /// <summary>Has them logged.</summary>
    public void LogTo(ILogger log) => _log = log;

    /// <summary>Notes one, in the log too.</summary>
    /// <param name="file">The file's name, without its folder: one of few.</param>
    /// <param name="text">What was found and done, a sentence.</param>
    public void Note(string file, string text)
    {
        Metrics.Total.WithLabels(file).Inc();
        LogDamage(file, text);
        lock (_lock)
        {
            if (_all.Count < Shown)
                _all.Add((file, text));
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Damage: {File}: {Text}")]
    private partial void LogDamage(string file, string text);
}
