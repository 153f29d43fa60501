using System.Globalization;
using System.Text;

namespace Metrics.IntegrationTests.Identity;

/// <summary>What was found of the attacks of some runs, and what was told besides.</summary>
internal sealed class DetectionTable
{
    private const string Header =
        "| what | runs | found | wrongly told | seconds after its first request: median, worst | after its last: median, worst |\n"
        + "| --- | --- | --- | --- | --- | --- |\n";

    private readonly SortedDictionary<string, Row> _rows = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private int _false;

    /// <summary>Attacks that were missed, and alerts that were not right.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Judges a run.</summary>
    /// <returns>A line for each alert that was expected or told.</returns>
    public List<string> Add(AttackRun run)
    {
        List<string> lines = [];
        List<ToldAlert> rest = [.. run.Told.Keys];
        foreach (ExpectedAlert expected in run.Plan.Expected)
        {
            Row row = RowOf(expected.Attack);
            row.Runs++;
            int at = rest.FindIndex(expected.Is);
            if (at < 0)
            {
                lines.Add(Fault(run, $"missed {expected.Attack}: {expected.Alert} {expected.User} {expected.Origin}"));
                continue;
            }
            (double first, double last) = (run.SecondsFromFirst(expected, rest[at]), run.SecondsFromLast(expected, rest[at]));
            row.FromFirst.Add(first);
            row.FromLast.Add(last);
            lines.Add(string.Create(
                CultureInfo.InvariantCulture, $"found {expected.Attack}: {rest[at]}, {first:F1} s after its first request, {last:F1} s after its last"));
            rest.RemoveAt(at);
        }
        foreach (ToldAlert told in rest)
        {
            Lane? lane = run.Plan.Lanes.Find(l => run.Plan.Expected.Exists(e => e.Lane == l.Name) && l.LogIns.Any(i =>
                !i.IsOwner && (i.User == told.User || i.Origin == told.Origin)));
            if (lane is null)
                _false++;
            else
                RowOf(lane.Name).Wrong++;
            lines.Add(Fault(run, $"{(lane is null ? "false" : $"wrongly told of {lane.Name}")}: {told}"));
        }
        return lines;
    }

    /// <summary>Judges what a daemon has told that saw all runs: what none of them expects is false.</summary>
    /// <returns>A line for each of that.</returns>
    public List<string> AddLater(IReadOnlyList<AttackRun> runs, IEnumerable<ToldAlert> told)
    {
        List<string> wrong =
        [
            .. told.Where(t => !runs.Any(r => r.Plan.Expected.Exists(e => e.Is(t)) || r.Told.ContainsKey(t)))
                .Select(t => $"of all runs: false: {t}"),
        ];
        _false += wrong.Count;
        _faults.AddRange(wrong);
        return wrong;
    }

    public override string ToString()
    {
        int runs = _rows.Values.Sum(r => r.Runs), found = _rows.Values.Sum(r => r.FromFirst.Count), wrong = _rows.Values.Sum(r => r.Wrong);
        var text = new StringBuilder(Header);
        foreach ((string name, Row row) in _rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {row.Runs} | {row.FromFirst.Count} | {row.Wrong} ");
            text.Append(CultureInfo.InvariantCulture, $"| {Spread(row.FromFirst)} | {Spread(row.FromLast)} |\n");
        }
        int told = found + wrong + _false;
        text.Append(CultureInfo.InvariantCulture, $"\nFalse alarms: {_false}. Recall {Share(found, runs)} ({found} of {runs}), ");
        text.Append(CultureInfo.InvariantCulture, $"precision {Share(found, told)} ({found} of {told}).\n");
        return text.ToString();
    }

    private static string Spread(List<double> seconds)
    {
        seconds.Sort();
        return seconds.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{seconds[seconds.Count / 2]:F1}, {seconds[^1]:F1}");
    }

    private static string Share(int part, int all) => ((double)part / Math.Max(1, all)).ToString("P1", CultureInfo.InvariantCulture);

    private string Fault(AttackRun run, string text)
    {
        _faults.Add($"seed {run.Plan.Seed}: {text}");
        return text;
    }

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

        public List<double> FromFirst { get; } = [];

        public List<double> FromLast { get; } = [];
    }
}
