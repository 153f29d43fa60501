using System.Reflection;

namespace Metrics.Telemetry;

/// <summary>The program's version as people and servers are told it.</summary>
internal static class VersionText
{
    public static string Product { get; } =
        typeof(VersionText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static string UserAgent { get; } = $"metricsd/{Product}";
}
