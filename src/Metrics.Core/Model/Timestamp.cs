using System.Globalization;

namespace Metrics.Model;

/// <summary>
/// A moment, in whole milliseconds since 1970 UTC as samples have them, and how moments are written for people and in answers: always in
/// UTC, whatever the culture.
/// </summary>
/// <param name="Milliseconds">Milliseconds since 1970-01-01T00:00:00Z; negative before.</param>
/// <remarks>RFC 3339, section 5.6.</remarks>
public readonly record struct Timestamp(long Milliseconds) : IComparable<Timestamp>
{
    /// <summary>The pattern of <see cref="ToString()"/>, for those who are given a pattern rather than a text.</summary>
    public const string Pattern = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>After all others: what is never due is due then.</summary>
    public static readonly Timestamp Never = new(long.MaxValue);

    private const long NanosecondsAMillisecond = 1_000_000;

    private static readonly long s_first = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long s_last = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The moment of a date; parts of a millisecond are cut off.</summary>
    public static Timestamp Of(DateTimeOffset moment) => new(moment.ToUnixTimeMilliseconds());

    /// <summary>The earlier of two.</summary>
    public static Timestamp Min(Timestamp one, Timestamp other) => one < other ? one : other;

    /// <summary>The moment as a date in UTC; before the year 1 and after 9999 it is the first or the last there is.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(Milliseconds, s_first, s_last));

    /// <summary>Nanoseconds since 1970 UTC, as events have them; before 1677 and after 2262 the first or the last there is.</summary>
    public long ToNanoseconds()
    {
        const long Last = long.MaxValue / NanosecondsAMillisecond;
        return Math.Clamp(Milliseconds, -Last, Last) * NanosecondsAMillisecond;
    }

    /// <summary>With milliseconds: <c>2026-11-26T15:30:00.250Z</c>.</summary>
    public override string ToString() => Format(Pattern);

    /// <summary>With as many digits as it needs: <c>2026-11-26T15:30:00Z</c> or <c>2026-11-26T15:30:00.25Z</c>.</summary>
    public string ToShortText() => Format("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'");

    /// <summary>In whole seconds, the rest cut off: <c>2026-11-26T15:30:00Z</c>.</summary>
    public string ToSecondsText() => Format("yyyy-MM-dd'T'HH:mm:ss'Z'");

    /// <summary>In whole seconds, for sentences: <c>2026-11-26 15:30:00 UTC</c>.</summary>
    public string ToSentenceText() => Format("yyyy-MM-dd HH:mm:ss 'UTC'");

    /// <inheritdoc />
    public int CompareTo(Timestamp other) => Milliseconds.CompareTo(other.Milliseconds);

    /// <summary>The moment some time later; parts of a millisecond are cut off.</summary>
    public static Timestamp operator +(Timestamp moment, TimeSpan time) => new(moment.Milliseconds + (long)time.TotalMilliseconds);

    /// <summary>The moment some time before; parts of a millisecond are cut off.</summary>
    public static Timestamp operator -(Timestamp moment, TimeSpan time) => new(moment.Milliseconds - (long)time.TotalMilliseconds);

    /// <summary>The time from one moment to another.</summary>
    public static TimeSpan operator -(Timestamp to, Timestamp from) => TimeSpan.FromMilliseconds(to.Milliseconds - from.Milliseconds);

    /// <summary>Whether the left one is earlier.</summary>
    public static bool operator <(Timestamp left, Timestamp right) => left.Milliseconds < right.Milliseconds;

    /// <summary>Whether the left one is later.</summary>
    public static bool operator >(Timestamp left, Timestamp right) => left.Milliseconds > right.Milliseconds;

    /// <summary>Whether the left one is not later.</summary>
    public static bool operator <=(Timestamp left, Timestamp right) => left.Milliseconds <= right.Milliseconds;

    /// <summary>Whether the left one is not earlier.</summary>
    public static bool operator >=(Timestamp left, Timestamp right) => left.Milliseconds >= right.Milliseconds;

    private string Format(string pattern) => ToDateTimeOffset().ToString(pattern, CultureInfo.InvariantCulture);
}
