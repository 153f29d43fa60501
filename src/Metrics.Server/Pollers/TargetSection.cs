using Metrics.Configuration;

namespace Metrics.Pollers;

/// <summary>A section of the configuration that asks for targets. Each family of targets has its own kind.</summary>
internal abstract record TargetSection
{
    /// <summary>Which section it is and what stands in it: a target lives as long as this stays the same.</summary>
    public required SectionId Id { get; init; }

    /// <summary>A job name that no other section may have; null where the sections are told apart by their instances.</summary>
    public virtual string? UniqueJob => null;
}
