using Metrics.Model;

namespace Metrics.Rules.Sigma;

/// <summary>Logs that rules are about, and what their fields are in events.</summary>
/// <param name="Name">As people read it: <c>linux/auditd</c>.</param>
/// <param name="Has">Whether an event is of these logs.</param>
internal sealed record SigmaSource(string Name, Predicate<SigmaEvent> Has)
{
    /// <summary>Fields by the names that Sigma has for them.</summary>
    public IReadOnlyDictionary<string, SigmaField> Fields { get; init; } = new Dictionary<string, SigmaField>();

    /// <summary>Kinds that events of these logs may be of; null is any.</summary>
    public IReadOnlySet<string>? Kinds { get; init; }

    /// <summary>
    /// Which records of an audit event are judged, each by itself as auditd has written it; null judges an event as a whole.
    /// </summary>
    public Predicate<SigmaEvent>? HasRecord { get; init; }

    /// <summary>What a field that is in no list stands for; null is nothing.</summary>
    public Func<string, SigmaField?> Other { get; init; } = _ => null;

    /// <summary>The field of a name; null where events of these logs have no such.</summary>
    public SigmaField? Find(string name) => Fields.GetValueOrDefault(name) ?? SigmaOwnFields.Find(name) ?? Other(name);

    /// <summary>Logs that are all events of one kind.</summary>
    public static SigmaSource OfKind(string name, string kind, IReadOnlyDictionary<string, SigmaField> fields) =>
        new(name, e => e.Kind == kind) { Kinds = new HashSet<string> { kind }, Fields = fields };

    /// <summary>Whether a condition holds for an event, or for one of its records.</summary>
    public bool Meets(SigmaEvent one, Predicate<SigmaEvent> condition)
    {
        if (HasRecord is null)
            return condition(one);
        int count = one.RecordCount;
        for (one.Record = 0; one.Record < count; one.Record++)
        {
            if (HasRecord(one) && condition(one))
                return true;
        }
        one.Record = -1;
        return false;
    }
}
