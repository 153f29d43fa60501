using Metrics.Formats.Logs.Templates;

namespace Metrics.Intake.Templates;

/// <summary>One source of a log, as <c>log_source:*</c> in rules/logs.yaml names it, and its kinds of lines.</summary>
/// <param name="host">The machine; empty where nobody says it.</param>
/// <param name="service">The service; empty where nobody says it.</param>
/// <param name="since">Since when it is heard, nanoseconds since 1970 UTC.</param>
/// <param name="seed">Of its numbers; secret, and of no other source.</param>
internal sealed class TemplateSource(string host, string service, long since, ulong seed)
{
    private const long Hour = 3_600_000_000_000;

    private long _hour;
    private int _reported;

    public string Host => host;

    public string Service => service;

    public long Since { get; } = since;

    public ulong Seed => seed;

    /// <summary>Its kinds.</summary>
    public TemplateTree Tree { get; } = new(seed);

    /// <summary>When its last line came, nanoseconds since 1970 UTC.</summary>
    public long Last { get; set; }

    /// <summary>
    /// Until when no kind can be said to be new, nanoseconds since 1970 UTC: some had to be forgotten, and may come again.
    /// </summary>
    public long FullUntil { get; set; }

    /// <summary>Whether something about it is not stored yet.</summary>
    public bool IsChanged { get; set; } = true;

    /// <summary>Whether a kind that was not known is to be reported, which counts.</summary>
    /// <param name="now">When its line came, nanoseconds since 1970 UTC.</param>
    /// <param name="learn">How long it must have been heard, nanoseconds.</param>
    /// <param name="max">How many may be reported in an hour.</param>
    /// <param name="why">Why it is not, as a metric says it.</param>
    public bool TryReport(long now, long learn, int max, out string why)
    {
        if (now / Hour != _hour)
            (_hour, _reported) = (now / Hour, 0);
        why = now - Since < learn ? "learning" : now < FullUntil ? "full" : _reported >= max ? "too_many" : "";
        if (why.Length > 0)
            return false;
        _reported++;
        return true;
    }

    /// <summary>Takes a report back that could not be stored: it is made again.</summary>
    public void TakeBack() => _reported = Math.Max(0, _reported - 1);
}
