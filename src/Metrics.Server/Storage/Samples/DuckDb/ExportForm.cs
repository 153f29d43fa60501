namespace Metrics.Storage.Samples.DuckDb;

/// <summary>The form of a file of exported samples; both have the columns <c>name</c>, <c>labels</c>, <c>time</c>, <c>value</c>.</summary>
internal enum ExportForm
{
    /// <summary>For analysis: columns with types, compressed.</summary>
    Parquet,

    /// <summary>For everything else: text with a line of heads.</summary>
    Csv,
}

/// <summary>The forms by their names.</summary>
internal static class ExportForms
{
    /// <summary>Reads what a request asks for; Parquet where it asks for nothing.</summary>
    public static bool TryParse(string? text, out ExportForm form)
    {
        form = text is "csv" ? ExportForm.Csv : ExportForm.Parquet;
        return text is null or "" or "csv" or "parquet";
    }

    /// <summary>The form that a file's name says; false where it says one that there is not.</summary>
    public static bool TryOfFile(string file, out ExportForm form)
    {
        string ending = Path.GetExtension(file).ToLowerInvariant();
        form = ending == ".csv" ? ExportForm.Csv : ExportForm.Parquet;
        return ending is "" or ".csv" or ".parquet";
    }

    /// <summary>As a request says it.</summary>
    public static string Name(this ExportForm form) => form == ExportForm.Csv ? "csv" : "parquet";

    /// <summary>As HTTP says it.</summary>
    public static string MediaType(this ExportForm form) => form == ExportForm.Csv ? "text/csv" : "application/vnd.apache.parquet";

    /// <summary>As DuckDB says it. Moments of CSV are written as everywhere else.</summary>
    public static string Options(this ExportForm form) => form == ExportForm.Csv
        ? "FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%gZ'"
        : "FORMAT parquet, COMPRESSION zstd";
}
