namespace Metrics.Rules.Sigma;

/// <summary>What kind of reason keeps a Sigma rule from being loaded.</summary>
public enum SigmaReason
{
    /// <summary>The file or the rule is wrong; its author has to mend it.</summary>
    Broken,

    /// <summary>Its status says that it is not to be used.</summary>
    Status,

    /// <summary>It is about logs that metricsd does not read.</summary>
    Logsource,

    /// <summary>It asks for a field that events of these logs do not have.</summary>
    Field,

    /// <summary>It has a modifier that is not known, or that needs what is not there.</summary>
    Modifier,

    /// <summary>Its condition asks for more than one event says.</summary>
    Condition,

    /// <summary>It puts events of several rules together in a way that is not known yet.</summary>
    Correlation,
}
