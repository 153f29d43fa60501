using Metrics.Fuzz;

namespace Metrics.Tests;

/// <summary>
/// Every reader of what outsiders send takes or refuses each input of its corpus (<c>tests/Metrics.Fuzz</c>): what led the fuzzing by
/// coverage into its branches, and all that it ever fell on.
/// </summary>
public sealed class FuzzCorpusTests
{
    public static TheoryData<string> Readers => [.. FuzzTarget.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Readers))]
    public void What_made_a_reader_fall_once_makes_it_fall_no_more(string reader)
    {
        FuzzTarget target = FuzzTarget.All.Single(t => t.Name == reader);
        string[] inputs = [.. target.Corpus()];
        inputs.Should().NotBeEmpty();
        foreach (string input in inputs)
        {
            Action read = () => target.Try(File.ReadAllBytes(input));
            read.Should().NotThrow($"of {Path.GetFileName(input)}");
        }
    }
}
