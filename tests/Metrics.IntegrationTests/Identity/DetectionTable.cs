using System.Globalization;
using System.Text;

namespace Metrics.IntegrationTests.Identity;

/// <summary>What was found of the attacks of some runs, and what was told besides.</summary>
internal sealed class DetectionTable
{
    private readonly SortedDictionary<string, Row> _rows = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private int _false;

    /// <summary>Attacks that were missed, and alerts that were not right.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Judges a run.</summary>
    /// <returns>A line for each alert that was expected or told.</returns>
    public List<string> Add(AttackPlan plan, AttackRun run)
    {
        List<string> lines = [], wrong = [];
        List<ToldAlert> rest = [.. run.Told.Keys];
        foreach (ExpectedAlert expected in plan.Expected)
        {
            Row row = RowOf(expected.Attack);
            row.Runs++;
            int at = rest.FindIndex(expected.Is);
            if (at < 0)
            {
                wrong.Add($"missed: {expected.Attack}: {expected.Alert} {expected.User} {expected.Origin}");
                continue;
            }
            double seconds = Math.Max(0, run.SecondsTo(expected, rest[at]));
            row.Seconds.Add(seconds);
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"told: {expected.Attack}: {rest[at]} {seconds:F1} s after the last request"));
            rest.RemoveAt(at);
        }
        foreach (ToldAlert told in rest)
        {
            Lane? lane = plan.Lanes.Find(l => plan.Expected.Exists(e => e.Lane == l.Name) && l.LogIns.Any(i =>
                i.User == told.User || (i.Origin == told.Origin && !i.IsOwner)));
            if (lane is null)
                _false++;
            else
                RowOf(lane.Name).Wrong++;
            wrong.Add($"{(lane is null ? "false" : $"wrongly told of {lane.Name}")}: {told}");
        }
        _faults.AddRange(wrong.Select(w => $"seed {plan.Seed}: {w}"));
        return [.. lines, .. wrong];
    }

    public override string ToString()
    {
        int runs = _rows.Values.Sum(r => r.Runs), found = _rows.Values.Sum(r => r.Seconds.Count), wrong = _rows.Values.Sum(r => r.Wrong);
        var text = new StringBuilder("| what | runs | found | wrongly told | median seconds | worst seconds |\n| --- | --- | --- | --- | --- | --- |\n");
        foreach ((string name, Row row) in _rows)
        {
            row.Seconds.Sort();
            (double median, double worst) = row.Seconds.Count == 0 ? (double.NaN, double.NaN) : (row.Seconds[row.Seconds.Count / 2], row.Seconds[^1]);
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {row.Runs} | {row.Seconds.Count} | {row.Wrong} | {median:F1} | {worst:F1} |\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"\nFalse alarms: {_false}. Recall {Share(found, runs)} ({found} of {runs}), ");
        text.Append(CultureInfo.InvariantCulture, $"precision {Share(found, found + wrong + _false)} ({found} of {found + wrong + _false}).\n");
        return text.ToString();
    }

    private static string Share(int part, int all) => ((double)part / Math.Max(1, all)).ToString("P1", CultureInfo.InvariantCulture);

    private Row RowOf(string name)
    {
        if (!_rows.TryGetValue(name, out Row? row))
            _rows.Add(name, row = new Row());
        return row;
    }

    private sealed class Row
    {
        public int Runs { get; set; }

        public int Wrong { get; set; }

        public List<double> Seconds { get; } = [];
    }
}
