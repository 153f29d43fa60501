namespace Metrics.Tests.Rules.Labelled;

/// <summary>An attack that a log's own labels, or its lines by themselves, tell of.</summary>
/// <param name="What">Its label.</param>
/// <param name="Origin">From where.</param>
/// <param name="Rules">Rules of ours that may tell it; none where it is not ours to tell.</param>
/// <param name="Count">How often; null where that is not said.</param>
/// <param name="Why">Why no rule of ours tells it.</param>
internal sealed record KnownAttack(string What, string Origin, IReadOnlyList<string> Rules, int? Count, string Why = "")
{
    /// <summary>Whether an alert tells it.</summary>
    public bool IsToldBy(Told told) => Rules.Contains(told.Rule) && told.Origin == Origin;

    public override string ToString() => $"{What} from {Origin}{(Count is { } count ? $", {count} times" : "")}";
}

/// <summary>What became of the attacks of one source.</summary>
internal sealed class Tally(string source)
{
    private int _known, _found, _counted;

    /// <summary>Attacks that are ours to tell and were not, or otherwise than they were.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>Attacks that no rule of ours tells, with the reason.</summary>
    public List<string> NotOurs { get; } = [];

    /// <summary>Alerts of an attack that lines of the log are of, and its labels do not name.</summary>
    public List<string> Beside { get; } = [];

    /// <summary>Alerts of no attack.</summary>
    public List<string> False { get; } = [];

    /// <summary>Compares what is known with what was told.</summary>
    /// <param name="known">What is known.</param>
    /// <param name="told">What was told; what else one of the origins does is none of the label's, and no fault.</param>
    public void Add(IReadOnlyList<KnownAttack> known, IReadOnlyList<Told> told)
    {
        foreach (KnownAttack attack in known)
        {
            _known++;
            List<Told> tellers = [.. told.Where(attack.IsToldBy)];
            bool isCounted = attack.Count is null || tellers.Any(t => t.Count.Equals(attack.Count.Value));
            _found += tellers.Count > 0 ? 1 : 0;
            _counted += tellers.Count > 0 && isCounted ? 1 : 0;
            if (attack.Rules.Count == 0)
                NotOurs.Add($"{attack}: {attack.Why}");
            else if (tellers.Count == 0)
                Wrong.Add($"missed: {attack}");
            else if (!isCounted)
                Wrong.Add($"{attack}: told as {string.Join("; ", tellers)}");
        }
        foreach (Told other in told.Where(t => t.Origin.Length > 0 && !known.Any(k => k.Origin == t.Origin)))
            (known.Any(k => k.Rules.Contains(other.Rule)) ? Beside : False).Add(other.ToString());
    }

    public override string ToString() =>
        $"{source,-28} | {_known,3} known | {_found,3} found | {_counted,3} with origin and count | {NotOurs.Count,2} not ours"
        + $" | {Beside.Count,2} beside the labels | {False.Count,2} false"
        + Lines("", Wrong) + Lines("not ours: ", NotOurs) + Lines("beside the labels: ", Beside) + Lines("false: ", False);

    private static string Lines(string what, List<string> lines) => string.Concat(lines.Select(l => $"\n    {what}{l}"));
}
