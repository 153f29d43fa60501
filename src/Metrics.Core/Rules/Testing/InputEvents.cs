using System.Globalization;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Rules.Testing;

/// <summary>Reads <c>input_events</c> of a test: one event an entry, or a row of them by <c>every</c> and <c>times</c>.</summary>
internal static class InputEvents
{
    private const int MaxTimes = 1_000_000;

    /// <summary>Reads the events of a test in the order in which they come in.</summary>
    /// <param name="section">The test.</param>
    /// <param name="start">Where its time begins, milliseconds since 1970 UTC.</param>
    public static IReadOnlyList<Event> Read(YamlSection section, long start)
    {
        List<Event> all = [.. section.Sections("input_events").SelectMany(s => ReadOne(s, start)).OrderBy(e => e.ObservedTime)];
        return [.. all.Select((e, i) => e with { Id = i + 1 })];
    }

    private static List<Event> ReadOne(YamlSection section, long start)
    {
        if (!section.Has("time"))
            section.Report("time", "is required: when it happened, such as 1m");
        TimeSpan time = section.Duration("time", TimeSpan.Zero), arrives = section.Duration("arrives", time);
        string kind = section.RequiredText("kind"), body = section.Text("body", "");
        int severity = section.Number("severity_number", 0, max: 24);
        TimeSpan every = section.Duration("every", TimeSpan.Zero);
        if (arrives < time)
            section.Report("arrives", "must not lie before time: what has not happened cannot be sent");
        List<(string Field, IReadOnlyList<string> Values)> fields =
            [.. section.Keys.ToList().Where(k => !s_known.Contains(k)).Select(ReadField)];
        int times = section.Number("times", fields.Select(f => f.Values.Count).Append(1).Max(), min: 1, max: MaxTimes);
        section.Finish();
        return [.. Enumerable.Range(0, times).Select(Nth)];

        (string, IReadOnlyList<string>) ReadField(string key) =>
            (EventFields.FullName(key), section.Texts(key) is { Count: > 0 } values ? values : [""]);

        Event Nth(int n) => new()
        {
            Time = Nanoseconds(start, time + (n * every)), ObservedTime = Nanoseconds(start, arrives + (n * every)), Kind = kind,
            SeverityNumber = (byte)severity, Body = body.Replace("{n}", n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal),
            Fields = [.. fields.Select(f => new EventField(f.Field, ValueOf(f.Values, n))).Where(f => f.Value.Length > 0)],
        };
    }

    /// <summary>The values of a list take turns; <c>{n}</c> within one is the number of the event, from 0 on.</summary>
    private static string ValueOf(IReadOnlyList<string> values, int n) =>
        values[n % values.Count].Replace("{n}", n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static long Nanoseconds(long start, TimeSpan after) => (start * 1_000_000) + (after.Ticks * 100);

    private static readonly HashSet<string> s_known = ["time", "arrives", "kind", "body", "severity_number", "every", "times"];
}
