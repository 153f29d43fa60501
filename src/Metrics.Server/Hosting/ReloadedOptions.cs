using Metrics.Configuration;

namespace Metrics.Hosting;

/// <summary>Which rooms' options follow a reload, and how each is swapped; <see cref="HostingServices"/> has the list.</summary>
internal sealed class ReloadedOptions(MetricsOptions atStart)
{
    private readonly List<Action<MetricsOptions>> _swaps = [];

    /// <summary>What is in force.</summary>
    public MetricsOptions InForce { get; private set; } = atStart;

    /// <summary>The options of a room, which follow a reload from now on.</summary>
    /// <param name="of">Finds them.</param>
    /// <param name="section">The section that they come from, where the same object stays as long as nothing changes in it.</param>
    public Current<T> Follow<T>(Func<MetricsOptions, T> of, Func<T, SectionId>? section = null)
        where T : class
    {
        var current = new Current<T>(of(InForce));
        _swaps.Add(loaded =>
        {
            if (section is null || section(of(loaded)) != section(current.Value))
                current.Value = of(loaded);
        });
        return current;
    }

    /// <summary>Puts other options in force, room by room. Not for use by several threads at once.</summary>
    public void Swap(MetricsOptions loaded)
    {
        InForce = loaded;
        _swaps.ForEach(swap => swap(loaded));
    }
}
