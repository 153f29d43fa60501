namespace Metrics.Cli;

/// <summary>What a command ends with; scripts rely on it. The same list stands in <c>metricsd --help</c> and in docs/cli.md.</summary>
internal static class ExitCode
{
    /// <summary>All well.</summary>
    public const int Ok = 0;

    /// <summary>The answer is no: something is wrong with what was looked at, a test failed, or the daemon refused.</summary>
    public const int No = 1;

    /// <summary>Wrong use, or a wrong configuration.</summary>
    public const int Misuse = 2;

    /// <summary>
    /// The daemon cannot be reached, or could not look at everything; of <c>run</c>: the state database was lost.
    /// </summary>
    public const int Unreachable = 3;

    /// <summary>Each code and its meaning for help and docs.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Ok, "all well"),
        (No, "the answer is no: something is wrong with what was looked at, a test failed, or the daemon refused"),
        (Misuse, "wrong use, or a wrong configuration"),
        (Unreachable, "the daemon cannot be reached, or could not look at everything; of run: the state database was lost"),
    ];
}
