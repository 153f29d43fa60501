using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>One reason for which a Sigma rule is not loaded.</summary>
/// <param name="Reason">What kind of reason.</param>
/// <param name="File">The rule's file.</param>
/// <param name="Line">Line, from 1 on; 0 when no place can be named.</param>
/// <param name="Column">Column, from 1 on.</param>
/// <param name="Message">What is wrong, and what is allowed.</param>
public sealed record SigmaFault(SigmaReason Reason, string File, int Line, int Column, string Message)
{
    /// <inheritdoc />
    public override string ToString() => AsProblem().ToString();

    /// <summary>As other files' problems are said.</summary>
    public Problem AsProblem() => new(File, Line, Column, Message);
}

/// <summary>Everything that is wrong with one rule.</summary>
/// <param name="file">The rule's file.</param>
internal sealed class SigmaFaults(string file)
{
    private readonly List<SigmaFault> _all = [];

    /// <summary>What was added, in order.</summary>
    public IReadOnlyList<SigmaFault> All => _all;

    /// <summary>Adds one.</summary>
    public void Add(SigmaReason reason, YamlValue at, string message) =>
        _all.Add(new SigmaFault(reason, file, at.Line, at.Column, message));
}
