using Metrics.Text;
using Metrics.Model;
using Metrics.Series;
using Quartz;

namespace Metrics.Alerting;

/// <summary>A planned time that comes again and again, in which nobody is told of the alerts that match.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Start">When it begins: a Quartz cron expression with its time zone.</param>
/// <param name="Duration">How long it lasts.</param>
/// <param name="Matchers">What an alert must meet; nothing is every alert.</param>
/// <remarks>https://www.quartz-scheduler.net/documentation/quartz-4.x/tutorial/crontriggers.html</remarks>
internal sealed record MaintenanceWindow(string Name, CronExpression Start, TimeSpan Duration, IReadOnlyList<LabelMatcher> Matchers)
{
    public static MaintenanceWindow? Read(YamlSection section, Func<YamlSection, IReadOnlyList<LabelMatcher>> matchers)
    {
        string name = section.RequiredText("name"), cron = section.RequiredText("cron");
        TimeSpan duration = section.Duration("duration", TimeSpan.Zero);
        if (duration <= TimeSpan.Zero)
            section.Report("duration", "is required: how long the window lasts, such as 2h");
        TimeZoneInfo? zone = TimeZoneInfo.Utc;
        if (section.Text("time_zone") is { } id && !TimeZoneInfo.TryFindSystemTimeZoneById(id, out zone))
            section.Report("time_zone", $"is '{id}', which is no time zone that this machine knows, such as Europe/Berlin");
        IReadOnlyList<LabelMatcher> met = matchers(section);
        section.Finish();
        if (cron.Length == 0)
            return null;
        try
        {
            return new MaintenanceWindow(name, new CronExpression(cron, zone ?? TimeZoneInfo.Utc), duration, met);
        }
        catch (FormatException e)
        {
            section.Report("cron", $"is '{cron}', which is no Quartz cron expression such as '0 0 2 ? * SUN' (second, minute, hour, day of month, month, weekday): {e.Message}");
            return null;
        }
    }

    /// <summary>When the window that holds a moment ends; null when the moment lies outside.</summary>
    public DateTimeOffset? EndOf(DateTimeOffset moment)
    {
        // A window that began within its duration before now has not ended. A cron expression looks forward only.
        DateTimeOffset? start = Start.GetNextValidTimeAfter(moment - Duration);
        return start is { } began && began <= moment ? began + Duration : null;
    }

    /// <summary>Whether it is about an alert.</summary>
    public bool Matches(Labels alert)
    {
        foreach (LabelMatcher matcher in Matchers)
        {
            if (!matcher.Matches(alert))
                return false;
        }
        return true;
    }
}
