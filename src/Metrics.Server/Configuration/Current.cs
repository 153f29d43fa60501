namespace Metrics.Configuration;

/// <summary>
/// The options of one room that are in force: an immutable snapshot, swapped whole at a reload. Whoever reads takes it once and keeps it
/// for what it does.
/// </summary>
/// <typeparam name="T">The options.</typeparam>
internal sealed class Current<T>(T initial)
    where T : class
{
    private volatile T _value = initial;

    public T Value
    {
        get => _value;
        set => _value = value;
    }
}
