using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Journald;
using Metrics.Inputs.Logs;

namespace Metrics.Tests.Inputs;

/// <summary><c>inputs.journald</c> as operators write it.</summary>
public sealed class JournaldOptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_document()
    {
        JournaldOptions one = Read("inputs: { journald: [ {} ] }").OfType<JournaldOptions>().Single();
        (one.Name, one.Directory, one.Units, one.Start).Should().Be(("journald/system", null, "", LogStart.End));
        JournaldOptions other = Read(
            "inputs: { journald: [ { directory: /srv/journals, start: beginning, units: [ssh.service, 'nova-*'] } ] }")
            .OfType<JournaldOptions>().Single();
        (other.Name, other.Directory, other.Units, other.Start)
            .Should().Be(("journald//srv/journals", "/srv/journals", "ssh.service nova-*", LogStart.Beginning));
    }

    [Fact]
    public void The_same_text_read_twice_is_the_same_input()
    {
        const string Text = "inputs: { journald: [ { name: a, units: [ssh, cron] }, { name: b, directory: /x } ] }";
        Read(Text).Should().Equal(Read(Text));
        Read(Text).Should().NotEqual(Read(Text.Replace("cron", "cups", StringComparison.Ordinal)));
        Read(Text).Should().NotEqual(Read(Text.Replace("/x", "/y", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_problem_is_reported_at_once_with_its_line()
    {
        Action read = () => Read("""
            inputs:
              journald:
                - directory: journals
                - name: ''
                  units: ['two words', '']
                - name: c
                  start: middle
                  unit: ssh
                - name: d
                - name: d
            """);
        string[] problems = read.Should().Throw<ConfigurationException>().Which.Message.Split('\n');
        string[] wanted =
        [
            "3:*inputs.journald[[]0].directory is 'journals'; a path must begin with /*",
            "4:*inputs.journald[[]1].name is empty*",
            "5:*inputs.journald[[]1].units holds 'two words'; a unit is a name or pattern without blanks*",
            "5:*inputs.journald[[]1].units holds ''*",
            "7:*inputs.journald[[]2].start is 'middle'*",
            "8:*inputs.journald[[]2].unit is not a known key; did you mean 'units'?*",
            "3:*inputs.journald has journald/d 2 times; each stands there once*",
        ];
        foreach (string one in wanted)
            problems.Should().ContainMatch("*" + one.Replace("[[]", "[", StringComparison.Ordinal));
    }

    private static IReadOnlyList<InputOptions> Read(string yaml) => MetricsOptions.Parse(yaml).Inputs.Inputs;
}
