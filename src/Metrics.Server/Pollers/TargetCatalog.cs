using Metrics.Telemetry;

namespace Metrics.Pollers;

/// <summary>All that is to be polled by the configuration as it is now: a loop over the families.</summary>
internal sealed class TargetCatalog : IDisposable
{
    private readonly List<(TargetFamily Family, ITargetSource Source)> _sources;
    private readonly Dictionary<TargetFamily, IReadOnlyList<TargetDeclaration>> _last = [];
    private readonly Faults _faults;
    private readonly TimeProvider _time;

    public TargetCatalog(IServiceProvider services, MetricRegistry registry, TimeProvider time)
        : this([.. TargetFamilies.All.Select(f => (f, f.Create(services)))], registry, time)
    {
    }

    internal TargetCatalog(List<(TargetFamily Family, ITargetSource Source)> sources, MetricRegistry registry, TimeProvider time) =>
        (_sources, _faults, _time) = (sources, registry.Faults, time);

    /// <summary>
    /// The targets; asked again every few seconds, so that files of targets are followed. A family that cannot tell keeps those it had.
    /// </summary>
    public IEnumerable<TargetDeclaration> Discover(TargetSections sections)
    {
        foreach ((TargetFamily family, ITargetSource source) in _sources)
        {
            _faults.Guard("pollers", () => _last[family] = [.. source.Discover(sections)], _time);
            foreach (TargetDeclaration target in _last.GetValueOrDefault(family) ?? [])
                yield return target;
        }
    }

    public void Dispose() => _sources.ForEach(s => (s.Source as IDisposable)?.Dispose());
}
