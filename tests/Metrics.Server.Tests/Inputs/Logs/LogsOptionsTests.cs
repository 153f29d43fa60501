using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Logs;

namespace Metrics.Tests.Inputs.Logs;

/// <summary><c>inputs.logs</c> as operators write it, and which files its patterns find.</summary>
public sealed class LogsOptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patterns").FullName;

    [Fact]
    public void Defaults_are_those_of_the_document()
    {
        LogsOptions one = Read("inputs: { logs: [ { name: nova, paths: /var/log/nova/*.log } ] }").OfType<LogsOptions>().Single();
        one.Name.Should().Be("logs/nova");
        one.Format.Should().BeNull();
        one.MultiLine.Should().Be(MultiLine.Auto);
        one.Start.Should().Be(LogStart.End);
        one.TimeZone.Should().Be(TimeZoneInfo.Local);
        one.IsLatin.Should().BeTrue();
        one.Service.Should().BeNull();
        one.Labels.Fields.Should().BeEmpty();
    }

    [Fact]
    public void The_same_text_read_twice_is_the_same_input()
    {
        const string Text = "inputs: { logs: [ { name: a, paths: [/a/*.log, /b], exclude: /a/x.log, format: oslo, labels: { rack: r1 }, "
            + "multiline: { start: '^[A-Z]' }, encoding: utf-8, start: beginning, time_zone: UTC, service: s } ] }";
        Read(Text).Should().Equal(Read(Text));
        (string, string)[] changes = [("/b]", "/c]"), ("x.log", "y.log"), ("r1", "r2"), ("A-Z", "A-Y"), ("oslo", "auditd")];
        foreach ((string old, string other) in changes)
            Read(Text).Should().NotEqual(Read(Text.Replace(old, other, StringComparison.Ordinal)), other);
    }

    [Fact]
    public void Every_problem_is_reported_at_once_with_its_line()
    {
        Action read = () => Read("""
            inputs:
              logs:
                - name: a
                - paths: [relative/*.log, /, '/a/[ab].log']
                  format: newest
                  encoding: ebcdic
                  start: middle
                  multiline: { start: '(' }
                  time_zone: Mars
                  servise: x
                - { name: a, paths: /a }
                - { name: a, paths: /b }
            """);
        string[] problems = read.Should().Throw<ConfigurationException>().Which.Message.Split('\n');
        string[] wanted =
        [
            "*inputs.logs?0?.paths is required*",
            "*inputs.logs?1?.name is required*",
            "4:*inputs.logs?1?.paths holds 'relative/?.log'; a path must begin with / and name files*",
            "4:*inputs.logs?1?.paths holds '/'; a path must begin with / and name files*",
            "4:*inputs.logs?1?.paths holds '/a/?ab?.log'; only ?, * and * stand for others*",
            "5:*inputs.logs?1?.format is 'newest'; allowed are auto, auditd, *",
            "6:*inputs.logs?1?.encoding is 'ebcdic'; allowed are auto, utf-8*",
            "7:*inputs.logs?1?.start is 'middle'; allowed are end, beginning*",
            "8:*inputs.logs?1?.multiline.start is no expression*",
            "9:*inputs.logs?1?.time_zone is 'Mars'*",
            "10:*inputs.logs?1?.servise is not a known key; did you mean 'service'?*",
            "*logs/a 3 times*",
        ];
        foreach (string one in wanted)
            problems.Should().ContainMatch("*" + one);
    }

    [Theory]
    [InlineData("*.log", "a.log b.log")]
    [InlineData("?.log", "a.log b.log")]
    [InlineData("a.log", "a.log")]
    [InlineData("*", "a.log b.log b.log.1")]
    [InlineData(".*", ".hidden.log")]
    [InlineData("*/*.log", "nova/c.log")]
    [InlineData("**/*.log", "a.log b.log nova/c.log nova/deep/d.log")]
    [InlineData("**", "a.log b.log b.log.1 nova/c.log nova/deep/d.log")]
    [InlineData("nova/**/d.log", "nova/deep/d.log")]
    [InlineData("none/*.log", "")]
    public void Patterns_find_files(string pattern, string expected)
    {
        foreach (string name in (string[])["a.log", "b.log", "b.log.1", "b.log.2.gz", ".hidden.log", "nova/c.log", "nova/deep/d.log"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, name))!);
            File.WriteAllText(Path.Combine(_folder, name), "");
        }
        Directory.CreateSymbolicLink(Path.Combine(_folder, "nova", "circle"), _folder);
        Find($"paths: ['{_folder}/{pattern}']").Should().Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Find($"paths: ['{_folder}/{pattern}'], exclude: ['/**/{pattern[(pattern.LastIndexOf('/') + 1)..]}']").Should().BeEmpty();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IEnumerable<string> Find(string keys) => Read($"inputs: {{ logs: [ {{ name: a, {keys} }} ] }}").OfType<LogsOptions>().Single()
        .Paths.Files().Select(f => Path.GetRelativePath(_folder, f.Path));

    private static IReadOnlyList<InputOptions> Read(string yaml) => MetricsOptions.Parse(yaml).Inputs.Inputs;
}
