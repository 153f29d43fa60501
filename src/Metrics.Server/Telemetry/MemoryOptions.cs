using Metrics.Text;

namespace Metrics.Telemetry;

/// <summary>The section <c>memory</c>.</summary>
/// <param name="LimitBytes">
/// What the daemon may use; null is what its memory cgroup allows, or without one the machine has. At least 256 MiB.
/// </param>
internal sealed record MemoryOptions(long? LimitBytes)
{
    public static MemoryOptions Read(YamlSection section)
    {
        long limit = section.Has("limit") ? section.Bytes("limit", 0, min: MemoryBudget.MinLimit) : 0;
        section.Finish();
        return new MemoryOptions(limit > 0 ? limit : null);
    }
}
