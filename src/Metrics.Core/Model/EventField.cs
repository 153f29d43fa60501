namespace Metrics.Model;

/// <summary>One attribute of an event: a field of the Elastic Common Schema (or <c>openstack.*</c>) and its value as text.</summary>
/// <param name="Name">Dotted name, such as <c>source.ip</c>.</param>
/// <param name="Value">Its value; never empty in a batch.</param>
/// <remarks>https://www.elastic.co/docs/reference/ecs/ecs-field-reference</remarks>
public readonly record struct EventField(string Name, string Value);
