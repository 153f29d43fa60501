using System.Collections.Concurrent;
using Metrics.Model;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Reports;

/// <summary>
/// Up to when each report has been sent: in the state database, and in memory for when that is made anew of a damaged one.
/// </summary>
internal sealed class ReportTimes(StateStore state)
{
    private readonly ConcurrentDictionary<string, long> _due = new(StringComparer.Ordinal);
    private bool _isLoaded;

    /// <summary>When the last one that went was due, or since when it is asked for; null where it was never asked for.</summary>
    /// <exception cref="StateUnavailableException">The database cannot be read now.</exception>
    public async Task<Timestamp?> OfAsync(string report)
    {
        if (!_isLoaded)
        {
            foreach (ReportRow row in await state.ReadAsync(db => db.Reports.AsNoTracking().ToList()))
                _due.TryAdd(row.Name, row.Due);
            state.Rebuilt += SaveAll;
            _isLoaded = true;
        }
        return _due.TryGetValue(report, out long due) ? new Timestamp(due) : null;
    }

    /// <summary>Notes it, with what else is written.</summary>
    /// <param name="report">The report.</param>
    /// <param name="due">When it was due.</param>
    /// <param name="beside">What is written in the same commit.</param>
    /// <returns>Ends when all is written, however long that takes.</returns>
    public Task SaveAsync(string report, Timestamp due, Action<StateWriter> beside) => state.WriteInTurnAsync(
        writer =>
        {
            beside(writer);
            writer.Save(new ReportRow { Name = report, Due = due.Milliseconds });
        },
        () => _due[report] = due.Milliseconds);

    private void SaveAll() => state.Write(writer =>
    {
        foreach ((string name, long due) in _due)
            writer.Save(new ReportRow { Name = name, Due = due });
    });
}
