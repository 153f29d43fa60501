namespace Metrics.Access;

/// <summary>Where API and pages are listened on, as the configuration has it: <c>ADDRESS:PORT</c>.</summary>
internal sealed record ListenAddress(string Text);
