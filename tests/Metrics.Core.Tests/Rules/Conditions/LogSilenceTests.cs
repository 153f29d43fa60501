using System.Globalization;
using System.Text.RegularExpressions;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>
/// A rule with <c>learned:</c> over real logs: the first half of each is learned, the second judged, and then the log stops as an intruder
/// would stop it.
/// </summary>
public sealed partial class LogSilenceTests(ITestOutputHelper output)
{
    private const int Windows = 400;
    private static readonly QueryEngine s_engine = new();

    [Fact]
    public void A_log_that_stops_is_found_and_one_that_goes_on_is_mostly_left_alone()
    {
        List<(string Name, List<(DateTime At, string Source)> Lines)> logs = [.. Logs()];
        (int judged, int called, int found, int steady) = (0, 0, 0, 0);
        foreach ((string name, List<(DateTime At, string Source)> lines) in logs)
        {
            DateTime first = lines.Min(l => l.At), last = lines.Max(l => l.At);
            TimeSpan window = TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling((last - first).TotalSeconds / Windows)));
            foreach (IGrouping<string, (DateTime At, string Source)> source in lines.GroupBy(l => l.Source).Where(s => s.Count() >= 10))
            {
                Outcome outcome = Run([.. source.Select(s => s.At)], first, last, window);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{name} {source.Key}: {source.Count()} lines, {source.Count() / (double)Windows:0.##} a window of "
                        + $"{Duration.Format(window)}, {outcome.Busy:0.#} where there are any; judged {outcome.Judged} windows, called "
                        + $"silent {outcome.Called}{(outcome.Called > 0 ? $" (first: {outcome.First})" : "")}; stopped: "
                        + $"{(outcome.FoundAfter is { } after ? $"silent after {after} windows ({outcome.Why})" : "not called silent within as long again, since pauses so long are known of it, or too few to tell")}"));
                (judged, called) = (judged + outcome.Judged, called + outcome.Called);
                if (outcome.Empty < 0.05)
                {
                    steady++;
                    found += outcome.FoundAfter <= 5 ? 1 : 0;
                }
            }
        }
        output.WriteLine($"{logs.Count} logs: {judged} windows judged, {called} called silent while the log went on; of {steady} steady "
            + $"sources {found} were found within 5 windows of their stop");
        found.Should().Be(steady, "a steady source that stops is found at once");
        called.Should().BeLessThanOrEqualTo(Math.Max(3, judged / 50));
    }

    private sealed record Outcome(int Judged, int Called, string First, int? FoundAfter, string Why, double Busy, double Empty);

    private static Outcome Run(List<DateTime> lines, DateTime first, DateTime last, TimeSpan window)
    {
        var problems = new List<Problem>();
        AlertRule rule =
            RuleFile.Read($"groups: [ {{ name: g, rules: [ {{ alert: LogSilent, expr: lines, learned: {{ probability: 0.999, window: "
                + $"{Duration.Format(window)}, min_history: {Duration.Format(window * (Windows / 2))} }} }} ] }} ]", "t",
                problems)[0].Alerting.Single();
        problems.Should().BeEmpty();
        var head = new Head(HeadOptions.Default with { Window = TimeSpan.FromDays(60) });
        var state = new AlertRuleState(rule, TimeProvider.System);
        int[] counts = new int[Windows + 1];
        foreach (DateTime line in lines)
            counts[Math.Min(Windows, (int)((line - first) / window))]++;
        Labels series = Labels.Of("lines", ("source", "s"));
        (int called, string said, int? foundAfter, string why) = (0, "", null, "");
        for (int i = 0; i < Windows * 2; i++)
        {
            long at = new DateTimeOffset(first, TimeSpan.Zero).ToUnixTimeMilliseconds() + ((i + 1) * (long)window.TotalMilliseconds);
            double count = i < Windows ? counts[i] : 0;
            using (var batch = new SampleBatch("test"))
            {
                batch.Add(series, at, count);
                head.Append(batch, at);
            }
            List<AlertChange> changes = state.Evaluate(new RuleContext(head, new LocalQueries(s_engine, head), at, 1));
            if (changes.FirstOrDefault(c => c.Alert.State is AlertState.Firing) is not { } fired)
                continue;
            string text = string.Create(CultureInfo.InvariantCulture, $"{fired.Alert.Value:0} came, usual are {fired.Alert.Bound:0.##}");
            if (i < Windows)
            {
                called++;
                said = said.Length > 0 ? said : $"{first + ((i + 1) * window):MM-dd HH:mm}: {text}";
            }
            else
            {
                (foundAfter, why) = (i - Windows + 1, text);
                break;
            }
        }
        if (foundAfter is null && state.Alerts.Any(a => a.State.IsOpen))
            (foundAfter, why) = (1, "it was silent before the end already");
        int[] whole = counts[..Windows];
        return new Outcome(
            Windows / 2, called, said, foundAfter, why, whole.Where(c => c > 0).DefaultIfEmpty(0).Average(),
            whole.Count(c => c == 0) / (double)Windows);
    }

    /// <summary>Logs of ours, and those of others where they lie.</summary>
    private static IEnumerable<(string, List<(DateTime, string)>)> Logs()
    {
        // A cron that speaks every minute, and a service busy by day: written down here. It ends at two in the afternoon.
        var random = new Random(3);
        DateTime start = new(2026, 6, 1, 0, 0, 0, DateTimeKind.Utc);
        yield return ("own", [.. Enumerable.Range(0, (60 * 24 * 3) - (60 * 10)).SelectMany(minute =>
        {
            DateTime at = start.AddMinutes(minute);
            int busy = at.Hour is >= 8 and < 18 ? random.Next(20, 40) : random.Next(0, 2);
            return Enumerable.Range(0, busy).Select(_ => (at, "api")).Append((at, "cron"));
        })]);
        foreach (string file in Cases.Extra("logs", ".", "*.log"))
        {
            List<(DateTime, string)> lines = [.. File.ReadLines(file).Select(Read).OfType<(DateTime, string)>()];
            // Less than this teaches nothing.
            if (lines.Count >= 500 && lines.Max(l => l.Item1) - lines.Min(l => l.Item1) >= TimeSpan.FromMinutes(5))
                yield return (Path.GetFileName(file), lines);
        }
    }

    private static (DateTime, string)? Read(string line)
    {
        if (Oslo().Match(line) is { Success: true } oslo)
            return (DateTime.Parse(
                oslo.Groups[1].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
                oslo.Groups[2].Value);
        if (Apache().Match(line) is { Success: true } apache
            && DateTime.TryParseExact(
            apache.Groups[1].Value, "ddd MMM dd HH:mm:ss yyyy", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime at))
            return (at, "httpd");
        if (Syslog().Match(line) is { Success: true } syslog
            && DateTime.TryParseExact($"2005 {Regex.Replace(syslog.Groups[1].Value, " +", " ")}", "yyyy MMM d HH:mm:ss",
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out at))
            return (at, syslog.Groups[2].Value);
        return null;
    }

    [GeneratedRegex(@"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) \d+ \w+ (\S+)")]
    private static partial Regex Oslo();

    [GeneratedRegex(@"^\[(\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4})\]")]
    private static partial Regex Apache();

    [GeneratedRegex(@"^(\w{3} +\d+ \d\d:\d\d:\d\d) \S+ ([\w.()/-]+)")]
    private static partial Regex Syslog();
}
