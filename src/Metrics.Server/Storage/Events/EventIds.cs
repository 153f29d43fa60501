using Metrics.Formats.EventJson;

namespace Metrics.Storage.Events;

/// <summary>Ids of events: the time of their arrival, microseconds since 1970 UTC, but always greater than the one before.</summary>
internal static class EventIds
{
    private const long MicrosecondsPerMillisecond = 1_000, NanosecondsPerMicrosecond = 1_000;

    /// <summary>The first of a time, milliseconds since 1970 UTC.</summary>
    public static long At(long milliseconds) => milliseconds * MicrosecondsPerMillisecond;

    /// <summary>Its time, milliseconds since 1970 UTC.</summary>
    public static long ToMilliseconds(long id) => id / MicrosecondsPerMillisecond;

    /// <summary>The day of its time, days since 1970 UTC.</summary>
    public static int DayOf(long id) => EventTable.DayOf(DateTimeOffset.FromUnixTimeMilliseconds(ToMilliseconds(id)));

    /// <summary>Its time for people; another daemon may have said it, so that it may be any number.</summary>
    public static string Show(long id) =>
        EventTime.Format(id > long.MaxValue / NanosecondsPerMicrosecond ? long.MaxValue : id * NanosecondsPerMicrosecond);
}
