namespace Metrics.Rules.Absence;

/// <summary>How a rule with <c>learned:</c> tells silence from quiet.</summary>
/// <param name="Probability">How sure it must be; 0.999 is one false alarm in a thousand windows.</param>
/// <param name="Window">The time that the expression counts over.</param>
/// <param name="MinHistory">How long a series is watched before anything is said of it.</param>
public sealed record LearnedExpectation(double Probability, TimeSpan Window, TimeSpan MinHistory);

/// <summary>What is expected because somebody says so.</summary>
/// <param name="Series">Sets of labels that must be there.</param>
/// <param name="File">An inventory file of such sets; null is none.</param>
/// <param name="Query">An expression whose series must be there; null is none.</param>
/// <param name="By">Labels of the query's series that name what is expected.</param>
public sealed record DeclaredExpectation(IReadOnlyList<Model.Labels> Series, string? File, Query.PreparedQuery? Query, IReadOnlyList<string> By);
