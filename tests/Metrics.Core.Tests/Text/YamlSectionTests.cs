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

    [Theory]
    [InlineData(10, 10, "x", "f.yaml:7:")]
    [InlineData(2, 2_000, "long", "f.yaml:2:")]
    public void A_file_that_is_small_only_by_its_aliases_is_refused_at_once(int levels, int aliases, string text, string place)
    {
        var lines = new List<string> { $"a0: &a0 {(text == "long" ? new string('x', 1_000_000) : text)}" };
        for (int level = 1; level < levels; level++)
            lines.Add($"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", aliases))}]");
        var problems = new List<Problem>();
        Action read = () => YamlDigest.Of([YamlComposer.Compose(string.Join('\n', lines), "f.yaml", problems)]);
        read.ExecutionTime().Should().BeLessThan(TimeSpan.FromSeconds(10), "without a bound it takes days");
        problems.Should().ContainSingle().Which.ToString().Should().StartWith(place).And.Contain("too many values by aliases");
    }

    [Fact]
    public void Aliases_that_people_write_are_read()
    {
        string hosts = string.Join("\n", Enumerable.Range(0, 5_000).Select(i => $"h{i}: {{ <<: *base, name: h{i} }}"));
        (YamlSection top, List<Problem> problems) = Read($"base: &base {{ a: 1, list: [1, 2, 3] }}\n{hosts}\n");
        problems.Should().BeEmpty();
        top.Section("h4999").Text("a").Should().Be("1");
    }

    private static (YamlSection Section, List<Problem> Problems) Read(string text)
    {
        var problems = new List<Problem>();
        return (new YamlSection((YamlMap)YamlComposer.Compose(text, "f.yaml", problems)!, "f.yaml", "", problems), problems);
    }
}
