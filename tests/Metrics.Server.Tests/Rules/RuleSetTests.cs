using Metrics.Cli.Commands;
using Metrics.Configuration;
using Metrics.Rules;

namespace Metrics.Tests.Rules;

/// <summary>Which rule files are found, and what is said where none are.</summary>
public sealed class RuleSetTests : IDisposable
{
    private const string Rules = "groups: [ { name: g, rules: [ { alert: Down, expr: up == 0 } ] } ]";

    private readonly string _folder = Directory.CreateTempSubdirectory("rules").FullName;

    public RuleSetTests()
    {
        Write("a.yaml", Rules);
        Write("site/rome/b.yaml", Rules);
        Write("site/oslo/c.yaml", Rules);
        Write(".c.yaml.swp", "{");
        Directory.CreateSymbolicLink(Path.Combine(_folder, ".loop"), ".loop");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a.yaml", "a.yaml")]
    [InlineData("*", "a.yaml")]
    [InlineData("site/*/*.yaml", "site/oslo/c.yaml site/rome/b.yaml")]
    [InlineData("**/*.yaml", "a.yaml site/oslo/c.yaml site/rome/b.yaml")]
    public void Patterns_are_those_of_other_files(string pattern, string files) => RuleSet.Load(Options(pattern)).Groups
        .Select(g => Path.GetRelativePath(_folder, g.File)).Should().Equal(files.Split(' '));

    [Theory]
    [InlineData("none.yaml", "none.yaml: no rule file of this name is there")]
    [InlineData("none/*.yaml", "none/*.yaml: no rule file of this name is there")]
    [InlineData(".loop/*.yaml", ".loop: cannot be read: ")]
    [InlineData(".loop/a.yaml", ".loop: cannot be read: ")]
    public void What_is_not_there_or_cannot_be_read_is_an_error_that_says_where(string pattern, string error)
    {
        Action load = () => RuleSet.Load(Options(pattern));
        load.Should().Throw<ConfigurationException>().Which.Problems.Should().ContainSingle()
            .Which.ToString().Should().StartWith(Path.Combine(_folder, error));
        Write("test.yaml", $"rule_files: [ '{pattern}' ]\ntests: []");
        RulesTestCommand.RunFile(Path.Combine(_folder, "test.yaml"), out _).Should().ContainSingle()
            .Which.Should().StartWith(Path.Combine(_folder, error[..(error.IndexOf(':') + 1)]));
    }

    private RuleOptions Options(string pattern) => new([Path.Combine(_folder, pattern)], false, null);

    private void Write(string name, string text)
    {
        string file = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
