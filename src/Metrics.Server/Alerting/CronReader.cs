using Metrics.Text;
using Quartz;

namespace Metrics.Alerting;

/// <summary>Reads a cron expression, and the time zone beside it.</summary>
/// <remarks>https://www.quartz-scheduler.net/documentation/quartz-4.x/tutorial/crontriggers.html</remarks>
internal static class CronReader
{
    /// <param name="section">Where <c>cron</c> and <c>time_zone</c> (UTC without it) stand; what is wrong is reported there.</param>
    /// <param name="cron">The expression; nothing is reported of an empty one.</param>
    /// <param name="example">One that is right.</param>
    /// <returns>The expression, or null where it is missing or wrong.</returns>
    public static CronExpression? Read(YamlSection section, string cron, string example)
    {
        TimeZoneInfo? zone = TimeZoneInfo.Utc;
        if (section.Text("time_zone") is { } id && !TimeZoneInfo.TryFindSystemTimeZoneById(id, out zone))
            section.Report("time_zone", $"is '{id}', which is no time zone that this machine knows, such as Europe/Berlin");
        if (cron.Length == 0)
            return null;
        try
        {
            return new CronExpression(cron, zone ?? TimeZoneInfo.Utc);
        }
        catch (FormatException e)
        {
            section.Report("cron", $"is '{cron}', which is no Quartz cron expression such as '{example}' " +
                $"(second, minute, hour, day of month, month, weekday): {e.Message}");
            return null;
        }
    }
}
