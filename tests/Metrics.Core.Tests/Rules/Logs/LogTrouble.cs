namespace Metrics.Tests.Rules.Logs;

/// <summary>What happens to logs while time goes on.</summary>
internal sealed record LogTrouble
{
    /// <summary>Nothing.</summary>
    public static readonly LogTrouble None = new();

    /// <summary>When it begins.</summary>
    public DateTime From { get; init; }

    /// <summary>Which lines are not written, or do not come here, from then on: by source and level.</summary>
    public Func<LogSource, string, bool>? Mutes { get; init; }

    /// <summary>How long the input is down; what is written meanwhile comes afterwards.</summary>
    public TimeSpan InputDown { get; init; }

    /// <summary>How long metricsd itself does not run; what is written meanwhile comes afterwards.</summary>
    public TimeSpan Off { get; init; }

    public bool IsMuted(DateTime at, LogSource source, string level) => at >= From && Mutes?.Invoke(source, level) == true;

    public bool IsInputDown(DateTime at) => at >= From && at < From + InputDown;

    public bool IsOff(DateTime at) => at >= From && at < From + Off;
}
