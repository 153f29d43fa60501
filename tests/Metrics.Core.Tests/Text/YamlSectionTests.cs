using Metrics.Text;

namespace Metrics.Tests.Text;

/// <summary>A key that nobody asks for is an error, wherever it stands and whoever forgot to look.</summary>
public sealed class YamlSectionTests
{
    [Fact]
    public void Whoever_finishes_a_section_finishes_those_that_were_read_below_it()
    {
        (YamlSection top, List<Problem> problems) = Read("inputs: { lines: [ { listen: a, alow_from: b } ] }\nother: 1");
        foreach (YamlSection line in top.Section("inputs").Sections("lines"))
            _ = (line.Text("listen"), line.Text("allow_from"));
        _ = top.Text("other");
        top.Finish();
        problems.Select(p => p.ToString()).Should()
            .Equal("f.yaml:1:33: inputs.lines[0].alow_from is not a known key; did you mean 'allow_from'?");
    }

    [Fact]
    public void A_section_may_be_read_in_two_places_and_its_problems_are_said_once()
    {
        (YamlSection top, List<Problem> problems) = Read("a: { one: 1, two: 2, zebra: 3 }\nb: 1");
        _ = top.Section("a").Text("one");
        _ = top.Section("a").Text("two");
        _ = (top.Sections("b"), top.Sections("b"));
        top.Section("a").Finish();
        top.Finish();
        problems.Select(p => p.ToString()).Should()
            .BeEquivalentTo("f.yaml:1:22: a.zebra is not a known key; known here are one, two", "f.yaml:2:4: b must be a list");
    }

    [Theory]
    [InlineData("\0\0\0", "f.yaml:1:1")]
    [InlineData("a: 1\nb: \0\nc: 3", "f.yaml:2:4")]
    public void A_file_with_a_NUL_is_broken_and_not_shorter(string text, string place)
    {
        var problems = new List<Problem>();
        YamlComposer.Compose(text, "f.yaml", problems).Should().BeNull();
        problems.Should().ContainSingle().Which.ToString().Should().StartWith($"{place}: broken YAML: a NUL byte");
    }

    private static (YamlSection Section, List<Problem> Problems) Read(string text)
    {
        var problems = new List<Problem>();
        return (new YamlSection((YamlMap)YamlComposer.Compose(text, "f.yaml", problems)!, "f.yaml", "", problems), problems);
    }
}
