namespace Metrics.Rules.Sigma;

/// <summary>What became of one rule of a Sigma file, or of a file that cannot be read at all.</summary>
/// <param name="Title">Its title; empty of a file.</param>
/// <param name="Location">File and line.</param>
/// <param name="Logsource">Which logs it is about, as people read it; empty where it does not say.</param>
/// <param name="Faults">Why it is not loaded; none when it is.</param>
public sealed record SigmaOutcome(string Title, string Location, string Logsource, IReadOnlyList<SigmaFault> Faults)
{
    /// <summary>Whether it is loaded.</summary>
    public bool IsLoaded => Faults.Count == 0;

    /// <summary>What kind of reason keeps it away; what is broken comes first.</summary>
    public SigmaReason? Reason => IsLoaded ? null : Faults.Min(f => f.Reason);
}

/// <summary>What was read of all Sigma files.</summary>
/// <param name="Group">The rules that are loaded, as alerting rules; null where there are none.</param>
/// <param name="Rules">Every rule, loaded or not.</param>
public sealed record SigmaLoad(RuleGroup? Group, IReadOnlyList<SigmaOutcome> Rules)
{
    /// <summary>How many are loaded.</summary>
    public int Loaded => Rules.Count(r => r.IsLoaded);

    /// <summary>What their authors have to mend.</summary>
    public IEnumerable<SigmaFault> Broken => Rules.SelectMany(r => r.Faults).Where(f => f.Reason == SigmaReason.Broken);
}
