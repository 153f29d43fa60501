using System.Globalization;
using Metrics.Model;

namespace Metrics.Tests.Rules.Logs;

/// <summary>
/// The shipped rule on lines that break with requests: a fortnight of APIs with nights, weekends, starts and a fault raises no alarm; who
/// holds a part of the lines back afterwards is found within minutes.
/// </summary>
public sealed class LogRatioStoryTests(ITestOutputHelper output)
{
    private static readonly DateTime s_third = LogWeeks.Monday.AddDays(14);

    private static readonly Lazy<LogWeeks> s_fortnight = new(static () =>
    {
        var weeks = new LogWeeks(seed: 1, traffic: Apis(a => a));
        weeks.Run(LogWeeks.Monday, s_third, LogTrouble.None);
        return weeks;
    });

    /// <summary>What that has taught; it is given once.</summary>
    private static readonly Lazy<IReadOnlyList<(string Rule, Labels Series, byte[] Model)>> s_learned =
        new(() => s_fortnight.Value.Learned);

    /// <summary>What is planted in the third week.</summary>
    /// <param name="Name">What happens.</param>
    /// <param name="At">When, since the third Monday.</param>
    /// <param name="Within">Within how many minutes it is found.</param>
    /// <param name="Plant">Which service changes, and how, at that time.</param>
    /// <param name="Alerts">All alerts that come of it.</param>
    private sealed record Story(
        string Name, TimeSpan At, int Within, string Service, Func<Api, DateTime, Api> Plant, params string[] Alerts);

    private sealed record Api(string Service, LogTraffic.Witness Witness, string Name, double Busy, double Quiet)
    {
        public DateTime? MutedFrom { get; init; }

        public double Kept { get; init; } = 1;

        public bool KeepsRequests { get; init; } = true;

        public double Grows { get; init; } = 1;

        public (DateTime At, int Minutes)? Down { get; init; }

        public LogTraffic ToTraffic() => new("ctl-1", Service, Witness, Name, Busy, Quiet)
        {
            MutedFrom = MutedFrom, Kept = Kept, KeepsRequests = KeepsRequests, Grows = Grows, Down = Down,
        };
    }

    private static readonly Story[] s_stories =
    [
        Half("half of the lines, while the access log goes on", Day(2, 10, 30), 12, "keystone", "from outside"),
        Half("the same by night", Day(3, 3, 0), 12, "keystone", "from outside"),
        Half("half, seen by the proxy", Day(1, 16, 0), 12, "glance", "from outside", requests: false),
        Half("half, seen beside its own lines of requests", Day(1, 11, 0), 12, "nova", "in its log"),
        Half("half on a Sunday", Day(6, 15, 0), 12, "nova", "in its log"),
        new("all but its lines of requests", Day(1, 11, 0), 10, "nova", (a, at) => a with { MutedFrom = at, Kept = 0 },
            "LogRatioBroken ctl-1 info in its log nova"),
        new("its lines of requests alone, seen by the proxy", Day(4, 9, 0), 12, "glance",
            (a, at) => a with { MutedFrom = at, KeepsRequests = false }, "LogRatioBroken ctl-1 info from outside glance"),
        new("all of INFO", Day(2, 10, 30), 15, "keystone", (a, at) => a with { MutedFrom = at, Kept = 0 },
            "LogLevelLowered ctl-1 info keystone"),
        new("three times the requests", Day(2, 10, 30), 0, "keystone", (a, at) => a with { MutedFrom = at, Grows = 3 }),
        new("a fifth of the lines more or less", Day(2, 10, 30), 0, "keystone", (a, at) => a with { MutedFrom = at, Kept = 0.85 }),
        new("half, where there are few requests", Day(2, 3, 30), 0, "heat-api", (a, at) => a with { MutedFrom = at, Kept = 0.5 }),
        new("a start that takes four minutes", Day(2, 10, 30), 0, "keystone", (a, at) => a with { Down = (at, 4) }),
        new("a fault of half an hour", Day(2, 10, 30), 60, "keystone", (a, at) => a with { Down = (at, 30) },
            "LogSourceSilent ctl-1 keystone"),
    ];

    [Fact]
    public void A_fortnight_of_APIs_raises_no_alarm_but_of_the_silence_while_all_have_a_fault() =>
        s_fortnight.Value.Fired.Where(f => IsRatio(f.Alert) || !LogTraffic.IsFault(f.At))
            .Select(f => $"{f.At:ddd dd HH:mm} {f.Alert}").Should().BeEmpty();

    [Fact]
    public void Lines_that_are_held_back_while_requests_go_on_are_found_within_minutes()
    {
        var wrong = new List<string>();
        foreach (Story story in s_stories)
        {
            DateTime at = s_third + story.At;
            var weeks = new LogWeeks(seed: 7, s_learned.Value, Apis(a => a.Service == story.Service ? story.Plant(a, at) : a));
            weeks.Run(at.AddHours(-3), at + TimeSpan.FromHours(2), LogTrouble.None);
            foreach ((DateTime fired, string alert) in weeks.Fired)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{story.Name,-50} {at,-10:ddd HH:mm} {(fired - at).TotalMinutes,4} min  {alert}"));
            }
            if (!weeks.Fired.Select(f => f.Alert).SequenceEqual(story.Alerts)
                || weeks.Fired.Exists(f => f.At > at + TimeSpan.FromMinutes(story.Within)))
            {
                wrong.Add($"{story.Name}: {string.Join(", ", weeks.Fired.Select(f => $"{f.Alert} after {f.At - at}"))}");
            }
        }
        wrong.Should().BeEmpty();
    }

    [Fact]
    public void Half_of_the_lines_for_good_is_told_once_and_usual_after_a_day()
    {
        DateTime at = s_third + Day(1, 11, 0);
        var weeks = new LogWeeks(seed: 7, s_learned.Value, Apis(a => a with { MutedFrom = at, Kept = 0.5 }, "keystone"));
        weeks.Run(at.AddHours(-3), at + TimeSpan.FromDays(3), LogTrouble.None, roundMinutes: 2);
        weeks.Fired.Where(f => IsRatio(f.Alert)).Select(f => $"{f.At:ddd HH} {f.Alert}").Should()
            .Equal("Tue 11 LogRatioBroken ctl-1 info from outside keystone");
    }

    private static bool IsRatio(string alert) => alert.StartsWith("LogRatioBroken", StringComparison.Ordinal);

    private static Story Half(string name, TimeSpan at, int within, string service, string seen, bool requests = true) => new(
        name, at, within, service, (a, when) => a with { MutedFrom = when, Kept = 0.5, KeepsRequests = requests },
        $"LogRatioBroken ctl-1 info {seen} {service}");

    private static IReadOnlyList<LogTraffic> Apis(Func<Api, Api> change, string? only = null) =>
    [
        .. new[]
        {
            new Api("keystone", LogTraffic.Witness.AccessLog, "keystone", 120, 40),
            new Api("nova", LogTraffic.Witness.ItsLog, "", 90, 30),
            new Api("glance", LogTraffic.Witness.Proxy, "glance_api", 60, 25),
            new Api("heat-api", LogTraffic.Witness.AccessLog, "heat-api", 30, 4),
        }.Where(a => only is null || a.Service == only).Select(a => change(a).ToTraffic()),
    ];

    private static TimeSpan Day(int day, int hour, int minute) => new(day, hour, minute, 0);
}
