using System.Security.Cryptography;
using System.Text;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>
/// What an alerting rule watches for: one of <see cref="Comparison"/>, <see cref="Threshold"/>, <see cref="Absence"/>,
/// <see cref="Learned"/> and <see cref="EventCount"/>. As its file has it, immutable; what it remembers from
/// round to round is its <see cref="ConditionMemory"/>.
/// </summary>
public abstract record Condition
{
    private protected static readonly IReadOnlySet<string> Nothing = new HashSet<string>();

    private protected Condition()
    {
    }

    /// <summary>What it watches for, as people read it: <c>up{job="host"} absent for 3m</c>.</summary>
    public abstract string Text { get; }

    /// <summary>The same for programs that expect PromQL: an expression wherever there is one.</summary>
    public abstract string Query { get; }

    /// <summary>The expressions that it evaluates; none where it counts events.</summary>
    public abstract IReadOnlyList<PreparedQuery> Queries { get; }

    /// <summary>Metrics whose arrival may change what it says; null is any.</summary>
    public abstract IReadOnlySet<string>? Metrics { get; }

    /// <summary>Kinds of events whose arrival may change what it says; null is any, empty is none.</summary>
    public virtual IReadOnlySet<string>? EventKinds => Nothing;

    /// <summary>What templates see as <c>window</c>; null is the rule's <c>for</c>.</summary>
    public virtual TimeSpan? Window => null;

    /// <summary>The expression whose values a picture of an alert shows; null where there are none.</summary>
    public abstract PreparedQuery? Drawn { get; }

    /// <summary>The level to draw beside the values.</summary>
    /// <param name="bound">The bound of the alert as rendered last; NaN without.</param>
    /// <returns>The level; NaN is none.</returns>
    public virtual double DrawnBound(double bound) => bound;

    /// <summary>What it foretells, so that a picture shows the line ahead; null where it foretells nothing.</summary>
    public virtual Forecast? Forecast => null;

    /// <summary>The unit of what a picture shows.</summary>
    public ValueUnit Unit => Drawn is { } drawn ? UnitReader.Of(drawn.Root) : ValueUnit.None;

    /// <summary>A value that was judged, for a line that has little room: <c>93 %</c>.</summary>
    /// <returns>Empty where the value says nothing to people, as the 0 of a target that is down.</returns>
    public virtual string Read(double value) => double.IsNaN(value) ? "" : Unit.Format(value);

    /// <summary>Says in words how an alert was judged last: the value beside what is allowed.</summary>
    public abstract string Describe(AlertInstance alert);

    /// <summary>What is remembered, whatever the bounds are: two conditions of one such text remember the same.</summary>
    internal virtual string Remembered => "";

    /// <summary>A digest of that, 16 hexadecimal digits.</summary>
    internal string RememberedDigest =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{GetType().Name} {Remembered}")))[..16];

    /// <summary>Whether what another condition remembers says something to this one.</summary>
    internal bool RemembersLike(Condition other) => GetType() == other.GetType() && Remembered == other.Remembered;

    /// <summary>Begins to watch, with nothing remembered.</summary>
    internal abstract ConditionMemory Remember();

    private protected static IReadOnlySet<string>? MetricsOf(params ReadOnlySpan<PreparedQuery?> queries)
    {
        var all = new HashSet<string>();
        foreach (PreparedQuery? query in queries)
        {
            if (query is null)
                continue;
            if (query.MetricNames is null)
                return null;
            all.UnionWith(query.MetricNames);
        }
        return all;
    }
}

/// <summary>
/// A condition at work: what it remembers from one round to the next. One thread at a time evaluates it; what is public may be asked by
/// any.
/// </summary>
public abstract class ConditionMemory
{
    private protected ConditionMemory()
    {
    }

    /// <summary>What it holds, and what it has left out, in a few words for people; null where there is nothing to say.</summary>
    public virtual string? Status => null;

    /// <summary>Says of each series what is known of it at this moment.</summary>
    /// <exception cref="QueryException">Nothing is known; what was said before it was thrown holds.</exception>
    internal abstract void Observe(ConditionRound round);
}
