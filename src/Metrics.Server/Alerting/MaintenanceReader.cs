using Metrics.Routing;
using Metrics.Series;
using Metrics.Text;
using Quartz;

namespace Metrics.Alerting;

/// <summary>Reads an entry of <c>maintenance</c>: a planned time that a cron expression begins.</summary>
/// <remarks>https://www.quartz-scheduler.net/documentation/quartz-4.x/tutorial/crontriggers.html</remarks>
internal static class MaintenanceReader
{
    /// <param name="section">The entry; what is wrong with it is reported there.</param>
    /// <param name="matchers">The entry's matchers, read already.</param>
    /// <returns>The window, or null when its cron expression is missing or wrong.</returns>
    public static MaintenanceWindow? Read(YamlSection section, IReadOnlyList<LabelMatcher> matchers)
    {
        string name = section.RequiredText("name"), cron = section.RequiredText("cron");
        TimeSpan duration = section.Duration("duration", TimeSpan.Zero);
        if (duration <= TimeSpan.Zero)
            section.Report("duration", "is required: how long the window lasts, such as 2h");
        CronExpression? start = CronReader.Read(section, cron, "0 0 2 ? * SUN");
        section.Finish();
        return start is null ? null : new MaintenanceWindow(name, matchers, moment => EndOf(start, duration, moment));
    }

    /// <summary>A window that began within its duration before a moment has not ended. A cron expression looks forward only.</summary>
    private static DateTimeOffset? EndOf(CronExpression start, TimeSpan duration, DateTimeOffset moment)
    {
        DateTimeOffset? next = start.GetNextValidTimeAfter(moment - duration);
        return next is { } began && began <= moment ? began + duration : null;
    }
}
