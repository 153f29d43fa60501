using Metrics.Configuration;
using Metrics.Intake;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.Pollers.Self;

/// <summary>The daemon itself, which needs no section; its instance is the address that it listens on.</summary>
internal sealed record SelfSection(string Instance) : TargetSection
{
    public static SelfSection Read(YamlSection top) =>
        new(top.Text("listen", "127.0.0.1:9890")) { Id = SectionId.OfKeys("metricsd itself", top, []) };
}

/// <summary>The daemon's own metrics as a target.</summary>
internal sealed class SelfSource(MetricRegistry metrics, LogCounts logs) : ITargetSource
{
    private string? _listens;

    public IEnumerable<TargetDeclaration> Discover(TargetSections sections)
    {
        SelfSection section = sections.OfType<SelfSection>().Single();
        // Another address takes effect at the next start only.
        _listens ??= section.Instance;
        return [new TargetDeclaration(
            section, "metricsd", _listens, SelfPoller.Interval, SelfPoller.Interval / 2, () => new SelfPoller(metrics, logs))];
    }
}
