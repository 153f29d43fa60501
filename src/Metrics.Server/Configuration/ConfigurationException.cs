using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>The configuration is wrong; the message lists every problem, one a line.</summary>
internal sealed class ConfigurationException(IReadOnlyList<Problem> problems)
    : Exception(string.Join('\n', Problem.InOrder(problems).Select(p => p.ToString())))
{
    public IReadOnlyList<Problem> Problems { get; } = Problem.InOrder(problems);
}
