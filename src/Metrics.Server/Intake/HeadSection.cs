using Metrics.Text;

namespace Metrics.Intake;

/// <summary>The recent window in memory: the section <c>head</c>.</summary>
/// <param name="Window">How far back it reaches. Default 2 h.</param>
/// <param name="MaxSeries">Series it holds. Default 5,000,000.</param>
/// <param name="MaxSeriesPerSource">Series of one target or pusher. Default 500,000.</param>
internal sealed record HeadSection(TimeSpan Window, int MaxSeries, int MaxSeriesPerSource)
{
    public static HeadSection Read(YamlSection section)
    {
        var options = new HeadSection(
            section.Duration("window", TimeSpan.FromHours(2), min: TimeSpan.FromMinutes(10)),
            section.Number("max_series", 5_000_000, min: 1000),
            section.Number("max_series_per_source", 500_000, min: 100));
        section.Finish();
        return options;
    }
}
