using System.Globalization;
using Metrics.Alerting;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Text;

namespace Metrics.Cli;

/// <summary>Writes what a replay found, as a table of rules and a count of messages; beside that of other rules, as old → new.</summary>
internal static class ReplayText
{
    private static readonly string[] s_heads = ["rule", "severity", "fired", "firing in all", "longest", "only pending", "no data", ""];

    /// <summary>Writes it.</summary>
    /// <param name="from">First moment, milliseconds since 1970 UTC.</param>
    /// <param name="to">Last moment.</param>
    /// <param name="result">What was found.</param>
    /// <param name="before">What the rules of before gave, or null.</param>
    /// <param name="showsMessages">Whether each message of the result is written too.</param>
    /// <param name="output">Where to.</param>
    public static void Write(long from, long to, ReplayResult result, ReplayResult? before, bool showsMessages, TextWriter output)
    {
        output.WriteLine($"{new Timestamp(from)} to {new Timestamp(to)}");
        WriteRules(result, before, output);
        int quiet = result.Rules.Count(r => r.Fired + r.OnlyPending + r.NoData == 0 && r.Error is null);
        output.WriteLine($"{quiet} rules had nothing to say.");
        output.WriteLine();
        foreach (string who in result.Counts.Keys.Union(before?.Counts.Keys ?? []).Order(StringComparer.Ordinal))
            output.WriteLine($"{who}: {Both(result.Counts.GetValueOrDefault(who), before?.Counts.GetValueOrDefault(who))} messages");
        if (result.Messages.Count == 0 && before?.Messages.Count is null or 0)
            output.WriteLine("Nobody would have got a message.");
        foreach ((string reason, int times) in result.Muted.OrderByDescending(m => m.Value))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"passed over {times} times: {reason}"));
        if (showsMessages)
            WriteMessages(result.Messages, output);
    }

    private static void WriteMessages(IReadOnlyList<ReplayedMessage> messages, TextWriter output)
    {
        foreach (ReplayedMessage message in messages)
        {
            output.WriteLine();
            output.WriteLine($"{message.At}  {message.To}  {MessageText.Title(message.Message)}");
            foreach (string line in MessageText.Plain(message.Message).TrimEnd().Split('\n'))
                output.WriteLine($"  {PlainText.Line(line)}".TrimEnd());
        }
    }

    private static void WriteRules(ReplayResult result, ReplayResult? before, TextWriter output)
    {
        Dictionary<(string, string), ReplayedRule> old = before?.Rules.ToDictionary(r => (r.Name, r.Severity)) ?? [];
        IEnumerable<ReplayedRule> gone = old.Values.Where(o => result.Rules.All(r => (r.Name, r.Severity) != (o.Name, o.Severity)))
            .Select(o => new ReplayedRule(o.Name, o.Severity));
        List<string[]> rows = [s_heads];
        foreach (ReplayedRule rule in result.Rules.Concat(gone))
        {
            ReplayedRule? was = old.GetValueOrDefault((rule.Name, rule.Severity));
            if (rule.Fired + rule.OnlyPending + rule.NoData + (was?.Fired ?? 0) > 0 || rule.Error is not null)
                rows.Add(Row(rule, was));
        }
        int[] widths = [.. Enumerable.Range(0, s_heads.Length - 1).Select(c => rows.Max(r => r[c].Length))];
        foreach (string[] row in rows)
            output.WriteLine(string.Join("  ", row.Select((cell, c) => c < widths.Length ? cell.PadRight(widths[c]) : cell)).TrimEnd());
    }

    private static string[] Row(ReplayedRule rule, ReplayedRule? was) =>
    [
        rule.Name,
        rule.Severity,
        Both(rule.Fired, was?.Fired),
        Both(Span(rule.Firing), was is null ? null : Span(was.Firing)),
        Span(rule.Longest),
        Both(rule.OnlyPending, was?.OnlyPending),
        Both(rule.NoData, was?.NoData),
        rule.Error is null ? "" : $"in error: {rule.Error}",
    ];

    private static string Both(int now, int? before) => before is { } was && was != now
        ? string.Create(CultureInfo.InvariantCulture, $"{was} → {now}")
        : now.ToString(CultureInfo.InvariantCulture);

    private static string Both(string now, string? before) => before is not null && before != now ? $"{before} → {now}" : now;

    private static string Span(TimeSpan span) =>
        span == TimeSpan.Zero ? "-" : Duration.Format(TimeSpan.FromSeconds(Math.Round(span.TotalSeconds)));
}
