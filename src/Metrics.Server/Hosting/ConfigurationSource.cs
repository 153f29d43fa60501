using Metrics.Configuration;

namespace Metrics.Hosting;

/// <summary>Where the configuration comes from, so that it can be read again.</summary>
internal sealed record ConfigurationSource(string? File)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="ConfigurationException">It is wrong.</exception>
    public MetricsOptions Load() => MetricsOptions.Load(File, Environment.GetEnvironmentVariables());
}
