namespace Metrics.Pollers;

/// <summary>All that is to be polled by the configuration as it is now: a loop over the families.</summary>
internal sealed partial class TargetCatalog : IDisposable
{
    private readonly List<(TargetFamily Family, ITargetSource Source)> _sources;
    private readonly Dictionary<TargetFamily, IReadOnlyList<TargetDeclaration>> _last = [];
    private readonly ILogger<TargetCatalog> _log;

    public TargetCatalog(IServiceProvider services, ILogger<TargetCatalog> log)
        : this([.. TargetFamilies.All.Select(f => (f, f.Create(services)))], log)
    {
    }

    internal TargetCatalog(List<(TargetFamily Family, ITargetSource Source)> sources, ILogger<TargetCatalog> log) =>
        (_sources, _log) = (sources, log);

    /// <summary>
    /// The targets; asked again every few seconds, so that files of targets are followed. A family that cannot tell keeps those it had.
    /// </summary>
    public IEnumerable<TargetDeclaration> Discover(TargetSections sections)
    {
        foreach ((TargetFamily family, ITargetSource source) in _sources)
        {
            try
            {
                _last[family] = [.. source.Discover(sections)];
            }
            catch (Exception e)
            {
                LogFailed(e, family.Name);
            }
            foreach (TargetDeclaration target in _last.GetValueOrDefault(family) ?? [])
                yield return target;
        }
    }

    public void Dispose() => _sources.ForEach(s => (s.Source as IDisposable)?.Dispose());

    [LoggerMessage(Level = LogLevel.Error, Message = "Targets of the family {Family} cannot be found, those it had before stay")]
    private partial void LogFailed(Exception error, string family);
}
