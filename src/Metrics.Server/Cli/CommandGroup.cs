using System.CommandLine;

namespace Metrics.Cli;

/// <summary>A word with commands below it, such as <c>metricsd silence</c>; it does nothing by itself.</summary>
/// <param name="name">The word.</param>
/// <param name="description">One line, a sentence.</param>
internal sealed class CommandGroup(string name, string description) : Command(name, description);
