using Metrics.Alerting;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Text;
using Quartz;

namespace Metrics.Reports;

/// <summary>A report that is mailed at its times: an entry of <c>reports</c>.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Receiver">Who gets it, by mail.</param>
/// <param name="Schedule">When. Default each day at 07:00 of <c>time_zone</c>, which is UTC.</param>
/// <param name="Covers">The time that it is about, up to when it is due; null (the default) is since it was due before.</param>
/// <param name="Limit">Rows of each of its tables at most. Default 10.</param>
internal sealed record ReportOptions(string Name, string Receiver, CronExpression Schedule, TimeSpan? Covers, int Limit)
{
    /// <summary>How far back the newest time is made up for at which nobody was there.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromDays(2);

    private const string Daily = "0 0 7 * * ?";
    private static readonly TimeSpan s_shortest = TimeSpan.FromHours(1), s_longest = TimeSpan.FromDays(31);

    /// <summary>Reads all of them.</summary>
    /// <param name="top">The configuration.</param>
    /// <param name="receivers">Who can be notified.</param>
    public static IReadOnlyList<ReportOptions> ReadAll(YamlSection top, IReadOnlyList<ReceiverOptions> receivers)
    {
        var all = new List<ReportOptions>();
        foreach (YamlSection section in top.Sections("reports"))
        {
            if (Read(section, receivers) is not { } report)
                continue;
            if (all.Exists(r => r.Name == report.Name))
                section.Report("name", $"is '{report.Name}', which another report has already");
            all.Add(report);
        }
        return all;
    }

    /// <summary>The integrations of a receiver that take reports.</summary>
    public static IEnumerable<NamedNotifier> MailsOf(IEnumerable<NamedNotifier> notifiers) =>
        notifiers.Where(n => n.Notifier is EmailNotifier);

    /// <summary>The newest of its times up to a moment; null where there was none for longer than is made up for.</summary>
    public DateTimeOffset? LastDue(DateTimeOffset now) => Last(now - Patience, now);

    /// <summary>Since when a report that is due is about: also on days of 23 and 25 hours nothing is in none or in two.</summary>
    public DateTimeOffset Begin(DateTimeOffset due) =>
        Covers is { } covers ? due - covers : Last(due - s_longest, due.AddTicks(-1)) ?? due - s_longest;

    /// <summary>The newest of its times behind a moment and up to another. A cron expression looks forward only.</summary>
    private DateTimeOffset? Last(DateTimeOffset after, DateTimeOffset to)
    {
        DateTimeOffset? last = null;
        for (DateTimeOffset? next = Schedule.GetNextValidTimeAfter(after); next <= to; next = Schedule.GetNextValidTimeAfter(next.Value))
            last = next;
        return last;
    }

    private static ReportOptions? Read(YamlSection section, IReadOnlyList<ReceiverOptions> receivers)
    {
        string name = section.RequiredText("name"), receiver = section.RequiredText("receiver");
        if (receiver.Length > 0)
            CheckReceiver(section, receiver, receivers);
        CronExpression? schedule = CronReader.Read(section, section.Text("cron", Daily), Daily);
        if (schedule is not null && IsTooOften(schedule))
            section.Report("cron", "is so more often than once an hour; a report is a look back");
        TimeSpan? covers = section.Has("covers") ? section.Duration("covers", TimeSpan.FromDays(1), min: s_shortest) : null;
        if (covers is { } span && span > s_longest)
            section.Report("covers", $"is {Duration.Format(span)}; it must be at most {Duration.Format(s_longest)}");
        int limit = section.Number("limit", 10, min: 1, max: 1000);
        section.Finish();
        return schedule is null || name.Length == 0 ? null : new ReportOptions(name, receiver, schedule, covers, limit);
    }

    private static void CheckReceiver(YamlSection section, string receiver, IReadOnlyList<ReceiverOptions> receivers)
    {
        if (receivers.FirstOrDefault(r => r.Name == receiver) is not { } known)
        {
            string names = receivers.Count == 0 ? "none" : string.Join(", ", receivers.Select(r => r.Name));
            section.Report("receiver", $"is '{receiver}'; known are {names}");
        }
        else if (!MailsOf(known.Notifiers).Any())
        {
            section.Report("receiver", $"is '{receiver}', which has no email_configs; reports go by mail");
        }
    }

    private static bool IsTooOften(CronExpression schedule)
    {
        DateTimeOffset? before = schedule.GetNextValidTimeAfter(DateTimeOffset.UnixEpoch);
        for (int n = 0; n < 50 && before is { } one; n++)
        {
            before = schedule.GetNextValidTimeAfter(one);
            if (before - one < s_shortest)
                return true;
        }
        return false;
    }
}
