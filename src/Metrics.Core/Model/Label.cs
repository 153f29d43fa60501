namespace Metrics.Model;

/// <summary>One name and value of a series' identity.</summary>
/// <param name="Name">Label name; <c>__name__</c> holds the metric name. Never empty.</param>
/// <param name="Value">Label value; an empty value means "no such label" everywhere in this program, as in Prometheus.</param>
public readonly record struct Label(string Name, string Value);
