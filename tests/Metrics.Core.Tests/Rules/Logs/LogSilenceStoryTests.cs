using System.Globalization;

namespace Metrics.Tests.Rules.Logs;

/// <summary>
/// The shipped rules on logs that fall silent: a fortnight of normal rhythm is learned, with its nights, weekends, rotations and jobs, and
/// raises no alarm; what stops or is muted afterwards is found, and told for what it is.
/// </summary>
public sealed class LogSilenceStoryTests(ITestOutputHelper output)
{
    private static readonly DateTime s_third = LogWeeks.Monday.AddDays(14);

    private static readonly Lazy<LogWeeks> s_fortnight = new(static () =>
    {
        var weeks = new LogWeeks(seed: 1);
        weeks.Run(LogWeeks.Monday, s_third, LogTrouble.None, roundMinutes: 2);
        return weeks;
    });

    /// <summary>What is planted in the third week.</summary>
    /// <param name="Name">What happens.</param>
    /// <param name="At">When, since the third Monday.</param>
    /// <param name="Trouble">The same for the machine.</param>
    /// <param name="Within">Within what time it is found.</param>
    /// <param name="Alerts">All alerts that come of it.</param>
    private sealed record Story(string Name, TimeSpan At, LogTrouble Trouble, TimeSpan Within, params string[] Alerts);

    private static readonly Story[] s_stories =
    [
        Stops("an API by day", Day(2, 10, 30), 15, "ctl-1", "nova-api"),
        Stops("the same by night", Day(3, 3, 20), 30, "ctl-1", "nova-api"),
        Stops("the same on a Sunday", Day(6, 15, 0), 30, "ctl-1", "nova-api"),
        Stops("a line a minute", Day(1, 22, 0), 20, "cmp-1", "nova-compute"),
        Stops("a line in two minutes", Day(5, 12, 0), 60, "cmp-2", "neutron-openvswitch-agent"),
        Stops("a job each ten minutes", Day(4, 9, 0), 60, "ctl-1", "CRON"),
        Stops("a job each hour", Day(2, 13, 0), 300, "cmp-2", "CRON"),
        Stops("three lines an hour", Day(0, 6, 0), 600, "ctl-1", "rabbitmq"),
        new("a host dies by day", Day(2, 10, 30), Muting(s => s.Host == "cmp-1"), Minutes(25), "LogHostSilent cmp-1"),
        new("a host dies on a Sunday night", Day(6, 4, 0), Muting(s => s.Host == "ctl-1"), Minutes(20), "LogHostSilent ctl-1"),
        new("an office's host dies by day", Day(1, 11, 0), Muting(s => s.Host == "files-1"), Minutes(20), "LogHostSilent files-1"),
        new("all lines stop", Day(3, 20, 0), Muting(_ => true), Minutes(20), "LogsSilent"),
        new("the input is down for two hours", Day(2, 10, 0), new LogTrouble { InputDown = Minutes(120) }, Minutes(3),
            "LogCollectorStopped logs/cloud"),
        new("metricsd is off for three hours", Day(2, 10, 0), new LogTrouble { Off = Minutes(180) }, Minutes(180)),
        Lowers("INFO, while the access log goes on", Day(2, 10, 30), 15, "ctl-1", "keystone", "info"),
        Lowers("the same by night", Day(3, 3, 0), 15, "ctl-1", "keystone", "info"),
        Lowers("INFO, while OpenStack has the agent alive", Day(6, 5, 0), 20, "cmp-1", "nova-compute", "info"),
        Lowers("DEBUG, while INFO goes on", Day(1, 14, 0), 15, "ctl-1", "cinder-volume", "debug"),
    ];

    [Fact]
    public void A_fortnight_of_normal_rhythm_raises_no_alarm() =>
        s_fortnight.Value.Fired.Select(f => $"{f.At:ddd dd HH:mm} {f.Alert}").Should().BeEmpty();

    [Fact]
    public void What_stops_or_is_muted_is_found_in_time_and_told_for_what_it_is()
    {
        var learned = s_fortnight.Value.Learned;
        var wrong = new List<string>();
        output.WriteLine($"{"story",-42} {"planted",-10} {"alert at",-10} {"minutes",7}  alert");
        foreach (Story story in s_stories)
        {
            DateTime at = s_third + story.At;
            var weeks = new LogWeeks(seed: 7, learned);
            weeks.Run(at.AddHours(-3), at + story.Within + Minutes(60), story.Trouble with { From = at });
            foreach ((DateTime fired, string alert) in weeks.Fired)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{story.Name,-42} {at,-10:ddd HH:mm} {fired,-10:ddd HH:mm} {(fired - at).TotalMinutes,7}  {alert}"));
            }
            if (!weeks.Fired.Select(f => f.Alert).SequenceEqual(story.Alerts) || weeks.Fired.Exists(f => f.At > at + story.Within))
                wrong.Add($"{story.Name}: {string.Join(", ", weeks.Fired.Select(f => $"{f.Alert} after {f.At - at}"))}");
        }
        wrong.Should().BeEmpty();
    }

    private static Story Stops(string name, TimeSpan at, int within, string host, string service) => new(
        name, at, Muting(s => s.Host == host && s.Service == service), Minutes(within), $"LogSourceSilent {host} {service}");

    private static Story Lowers(string name, TimeSpan at, int within, string host, string service, string level) => new(
        name, at, new LogTrouble { Mutes = (s, l) => s.Host == host && s.Service == service && l == level }, Minutes(within),
        $"LogLevelLowered {host} {level} {service}");

    private static LogTrouble Muting(Func<LogSource, bool> which) => new() { Mutes = (source, _) => which(source) };

    private static TimeSpan Day(int day, int hour, int minute) => new(day, hour, minute, 0);

    private static TimeSpan Minutes(int minutes) => TimeSpan.FromMinutes(minutes);
}
