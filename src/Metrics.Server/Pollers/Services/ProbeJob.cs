using Metrics.Formats.Yaml;

namespace Metrics.Pollers.Services;

internal sealed record ProbeJob(string Name)
{
    public static ProbeJob Read(YamlSection section) => new(section.RequiredText("job_name"));
}
