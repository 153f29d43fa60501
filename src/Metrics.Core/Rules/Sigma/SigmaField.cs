using Metrics.Model;

namespace Metrics.Rules.Sigma;

/// <summary>A field that a rule asks for, as the events of its logs have it.</summary>
/// <param name="Read">Its value; null where an event has none.</param>
/// <param name="Name">The field of events that it is, by which can be counted apart; null where it is a part or a reading of one.</param>
internal sealed record SigmaField(Func<SigmaEvent, string?> Read, string? Name)
{
    /// <summary>A second value, any of which will do.</summary>
    public Func<SigmaEvent, string?>? Also { get; init; }

    /// <summary>A field of events as it is. Names are read out of files, and events know what was asked of them by reference.</summary>
    public static SigmaField Of(string name)
    {
        string one = string.Intern(name);
        return new SigmaField(e => e.Field(one), one);
    }

    /// <summary>Whether one of its values passes.</summary>
    public bool Any(SigmaEvent one, Predicate<string> passes) =>
        (Read(one) is { } value && passes(value)) || (Also?.Invoke(one) is { } other && passes(other));
}
