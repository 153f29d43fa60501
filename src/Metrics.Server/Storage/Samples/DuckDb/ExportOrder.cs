namespace Metrics.Storage.Samples.DuckDb;

/// <summary>What somebody wants of the stored samples.</summary>
/// <param name="Form">Form of the file.</param>
/// <param name="Range">The span of time.</param>
/// <param name="Names">Which metrics.</param>
internal sealed record ExportOrder(ExportForm Form, ExportRange Range, ExportNames Names)
{
    /// <summary>Reads it from words.</summary>
    /// <param name="form">Form of the file.</param>
    /// <param name="from">Since when; null is a day ago.</param>
    /// <param name="to">Until when; null is now.</param>
    /// <param name="metric">Which metrics; null is all.</param>
    /// <param name="now">The clock.</param>
    /// <param name="error">What is wrong with them.</param>
    /// <returns>Null where one is wrong.</returns>
    public static ExportOrder? Read(ExportForm form, string? from, string? to, string? metric, DateTimeOffset now, out string? error) =>
        ExportRange.TryParse(from, to, now, out ExportRange range, out error)
            && ExportNames.TryParse(metric, out ExportNames names, out error)
            ? new ExportOrder(form, range, names)
            : null;
}
