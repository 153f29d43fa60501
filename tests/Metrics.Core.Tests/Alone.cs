namespace Metrics.Tests;

/// <summary>Tests that look at the memory of the whole process run after all others, one at a time: what others take is not theirs.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
