using System.Globalization;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Storage;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>When an alert began and ended, as the state database keeps it: times with blanks between.</summary>
internal static class FlapText
{
    public static string Write(IEnumerable<Timestamp> changes) =>
        string.Join(' ', changes.Select(c => c.Milliseconds.ToString(CultureInfo.InvariantCulture)));

    public static FlapRecord Read(FlapRow row) =>
        new(new AlertKey(RuleId.Parse(row.Rule), LabelsJson.Read(row.Series)), Read(row.Changes), row.IsFlapping, row.IsOver);

    private static List<Timestamp> Read(string changes) =>
    [
        .. changes.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(c => new Timestamp(long.Parse(c, CultureInfo.InvariantCulture))),
    ];
}
