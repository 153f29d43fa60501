using System.Globalization;

namespace Metrics.Alerting;

/// <summary>When an alert began and ended, as the state database keeps it: times with blanks between.</summary>
internal static class FlapText
{
    public static string Write(IEnumerable<long> changes) => string.Join(' ', changes.Select(c => c.ToString(CultureInfo.InvariantCulture)));

    public static IReadOnlyList<long> Read(string changes) => [.. changes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => long.Parse(c, CultureInfo.InvariantCulture))];
}
