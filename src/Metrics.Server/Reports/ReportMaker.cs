using Metrics.Query;
using Metrics.Storage;

namespace Metrics.Reports;

/// <summary>Makes a report of its parts. One that cannot be had says why, and the others are there all the same.</summary>
internal sealed class ReportMaker(IEnumerable<ReportSource> sources)
{
    /// <summary>Makes one.</summary>
    public async Task<SecurityReport> MakeAsync(string name, ReportSpan span, CancellationToken ct)
    {
        var parts = new List<ReportPart>();
        bool isWhole = true;
        foreach (ReportSource source in sources)
        {
            try
            {
                parts.AddRange(await source.MakeAsync(span, ct));
            }
            catch (Exception e) when (e is StoreException or QueryException && !ct.IsCancellationRequested)
            {
                isWhole = false;
                parts.Add(ReportPart.Of(source.Title, $"Not known: {e.Message}"));
            }
        }
        ct.ThrowIfCancellationRequested();
        return new SecurityReport(name, span, parts, isWhole);
    }
}

/// <summary>What gives a part of a report, or several. A new one is a file, and a line in <see cref="ReportServices"/>.</summary>
internal abstract class ReportSource
{
    /// <summary>What it is about.</summary>
    public abstract string Title { get; }

    /// <summary>What it says.</summary>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    /// <exception cref="QueryException">It cannot be asked for now.</exception>
    public abstract Task<IReadOnlyList<ReportPart>> MakeAsync(ReportSpan span, CancellationToken ct);
}
