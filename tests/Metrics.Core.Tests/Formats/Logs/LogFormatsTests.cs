using Metrics.Formats.Logs;

namespace Metrics.Tests.Formats.Logs;

/// <summary>What holds of all formats and programs.</summary>
public sealed class LogFormatsTests
{
    [Fact]
    public void Formats_and_programs_have_one_reader_each()
    {
        LogFormats.All.Select(f => f.Name).Should().OnlyHaveUniqueItems();
        LogMessages.All.SelectMany(f => f.Programs).Should().OnlyHaveUniqueItems();
    }
}
