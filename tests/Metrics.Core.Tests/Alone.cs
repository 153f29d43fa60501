namespace Metrics.Tests;

/// <summary>Tests that look at the memory of the whole process run after all others, one at a time.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
