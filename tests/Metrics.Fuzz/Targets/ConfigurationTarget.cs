using System.Text;
using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Fuzz;

/// <summary>A configuration: it is taken, or refused with all that is wrong with it.</summary>
internal static class ConfigurationTarget
{
    public static void Try(ReadOnlyMemory<byte> input)
    {
        try
        {
            MetricsOptions.Parse(Encoding.UTF8.GetString(input.Span));
        }
        catch (ConfigurationException e) when (e.Problems.Count > 0)
        {
        }
    }
}
