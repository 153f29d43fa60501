namespace Metrics.Model;

/// <summary>How large an event may be, whoever sends it.</summary>
public static class EventBounds
{
    /// <summary>Characters of a body.</summary>
    public const int MaxBodyLength = 64 * 1024;

    /// <summary>Fields of one event.</summary>
    public const int MaxFields = 64;

    /// <summary>Characters of a field's name.</summary>
    public const int MaxNameLength = 128;

    /// <summary>Characters of a field's value.</summary>
    public const int MaxValueLength = 8 * 1024;

    /// <summary>What is wrong with an event whose time cannot be true (<see cref="IsSane"/>), for whoever sent it.</summary>
    public const string BadTime = "has a time before 1970 or more than a day ahead";

    private const long NanosecondsADay = 86_400_000_000_000;

    /// <summary>Whether a time can be true: not before 1970, and at most a day after the event came in.</summary>
    /// <param name="time">Nanoseconds since 1970 UTC.</param>
    /// <param name="observedTime">When it came in, in the same measure.</param>
    public static bool IsSane(long time, long observedTime) => time >= 0 && time <= observedTime + NanosecondsADay;

    /// <summary>The start of a text; a character of two halves is not cut in two.</summary>
    internal static string Cut(string text, int length) => text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
}

/// <summary>What was cut from the events of a batch to keep <see cref="EventBounds"/>.</summary>
/// <param name="Bodies">Bodies that were cut.</param>
/// <param name="Values">Values of fields that were cut.</param>
/// <param name="Fields">Fields that were left out: too many, or with a name too long or empty.</param>
/// <param name="Times">Times that cannot be true, replaced by that of the arrival.</param>
public readonly record struct EventCuts(int Bodies, int Values, int Fields, int Times);
