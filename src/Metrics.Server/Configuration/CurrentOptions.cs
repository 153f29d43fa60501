namespace Metrics.Configuration;

/// <summary>The configuration in force: an immutable snapshot, swapped whole at a reload.</summary>
internal sealed class CurrentOptions(MetricsOptions initial)
{
    private volatile MetricsOptions _value = initial;

    public MetricsOptions Value
    {
        get => _value;
        set => _value = value;
    }
}
