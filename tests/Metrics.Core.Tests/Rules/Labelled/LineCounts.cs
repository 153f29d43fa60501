using System.Globalization;
using System.Text.RegularExpressions;

namespace Metrics.Tests.Rules.Labelled;

/// <summary>Counts attempts in the lines of a log themselves, without any parser of ours.</summary>
internal static class LineCounts
{
    private static readonly string[] s_clock = ["MMM d HH:mm:ss", "MMM dd HH:mm:ss"];

    /// <summary>The most of each origin in any window that slides.</summary>
    /// <param name="lines">Lines that begin as syslog has it.</param>
    /// <param name="attempt">An attempt: <c>origin</c>, and <c>times</c> where a line stands for several.</param>
    /// <param name="window">The window.</param>
    public static Dictionary<string, int> Most(IEnumerable<string> lines, Regex attempt, TimeSpan window)
    {
        var attempts = new List<(string Origin, DateTime Time, int Times)>();
        foreach (string line in lines)
        {
            if (attempt.Match(line) is { Success: true } match && TimeOf(line) is { } time)
            {
                int times = match.Groups["times"] is { Success: true } many ? int.Parse(many.Value, CultureInfo.InvariantCulture) : 1;
                attempts.Add((match.Groups["origin"].Value, time, times));
            }
        }
        return attempts.GroupBy(a => a.Origin).ToDictionary(g => g.Key, g => g.Max(last => g.Where(
            a => a.Time <= last.Time && a.Time > last.Time - window).Sum(a => a.Times)));
    }

    private static DateTime? TimeOf(string line)
    {
        string head = Regex.Replace(line[..Math.Min(15, line.Length)], " +", " ");
        return DateTime.TryParseExact(head, s_clock, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time) ? time : null;
    }
}
