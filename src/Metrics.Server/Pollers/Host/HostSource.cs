namespace Metrics.Pollers.Host;

/// <summary>This machine as a target.</summary>
internal sealed class HostSource(TimeProvider time) : ITargetSource
{
    public IEnumerable<TargetDeclaration> Discover(TargetSections sections) => sections.OfType<HostSection>().Where(s => s.Enabled)
        .Select(s => new TargetDeclaration(s, "host", s.Instance, s.Interval, s.Timeout, () => Create(s)));

    private HostPoller Create(HostSection section)
    {
        var files = new HostFiles(section);
        var enabled = PollerCatalog.Host.Where(p => !section.Disabled.Contains(p.Name));
        return new HostPoller([.. enabled.Select(p => (p.Name, p.Create(files, time)))], time);
    }
}
