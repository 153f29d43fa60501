using Metrics.Formats.PrometheusText;

namespace Metrics.Cli;

/// <summary><c>metricsd check metrics</c>: is a page what its format says?</summary>
internal static class MetricsCheck
{
    public static int Run(string? file)
    {
        using Stream input = file is null ? Console.OpenStandardInput() : File.OpenRead(file);
        using var page = new MemoryStream();
        input.CopyTo(page);
        ReadOnlySpan<byte> bytes = page.GetBuffer().AsSpan(0, (int)page.Length);
        ExpositionFormat format = bytes.TrimEnd((byte)'\n').EndsWith("# EOF"u8) ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text;
        List<string> problems = ExpositionValidator.Validate(bytes, format);
        problems.ForEach(Console.Error.WriteLine);
        return problems.Count == 0 ? 0 : 1;
    }
}
