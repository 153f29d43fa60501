using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Syslog;

namespace Metrics.Tests.Inputs;

/// <summary><c>inputs.syslog</c> as operators write it.</summary>
public sealed class SyslogOptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_document()
    {
        SyslogOptions one = Read("inputs: { syslog: [ { listen: 'tcp://127.0.0.1:5514' } ] }").OfType<SyslogOptions>().Single();
        one.Name.Should().Be("syslog/tcp://127.0.0.1:5514");
        one.Limits.MaxConnections.Should().Be(1000);
        one.Limits.IdleTimeout.Should().Be(TimeSpan.FromHours(1));
        one.MaxMessageBytes.Should().Be(65536);
        one.TimeZone.Should().Be(TimeZoneInfo.Local);
    }

    [Fact]
    public void The_same_text_read_twice_is_the_same_input()
    {
        const string Text = "inputs: { syslog: [ { listen: 'udp://0.0.0.0:514', allow_from: [10.0.0.0/8], time_zone: Europe/Berlin } ], "
            + "push: { allow_from: '::1' } }";
        Read(Text).Should().Equal(Read(Text));
        Read(Text).Should().NotEqual(Read(Text.Replace("10.0.0.0/8", "10.0.0.0/9", StringComparison.Ordinal)));
        Read(Text).Should().NotEqual(Read(Text.Replace("Berlin", "London", StringComparison.Ordinal)));
    }

    [Fact]
    public void Push_is_always_there() => Read("").Select(i => i.Name).Should().Equal("push");

    [Fact]
    public void Every_problem_is_reported_at_once_with_its_line()
    {
        Action read = () => Read("""
            inputs:
              syslog:
                - listen: 'tcp://0.0.0.0:514'
                - listen: 'udp://127.0.0.1:514'
                  framing: octet
                  time_zone: Europe/Nowhere
                - listen: 'http://127.0.0.1:514'
                - listen: 'tls://127.0.0.1:6514'
                - listen: 'tcp://127.0.0.1:70000'
                - listen: 'tcp://127.0.0.1:515'
                  receive_buffer: 8MiB
                  tls_config: { ca_file: /nowhere }
                  max_message_size: 1
                  max_conections: 5
                - listen: 'relp://127.0.0.1:515'
                  allow_from: [10.0.0.0/99]
            """);
        string[] problems = read.Should().Throw<ConfigurationException>().Which.Message.Split('\n');
        string[] wanted =
        [
            "3:*inputs.syslog[[]0].listen is 'tcp://0.0.0.0:514', which others can reach; that needs allow_from*",
            "5:*inputs.syslog[[]1].framing means nothing for udp and relp*",
            "6:*inputs.syslog[[]1].time_zone is 'Europe/Nowhere'*",
            "7:*inputs.syslog[[]2].listen is 'http://127.0.0.1:514'; it must be SCHEME://ADDRESS:PORT*",
            "8:*inputs.syslog[[]3].tls_config with cert_file and key_file is required*",
            "9:*inputs.syslog[[]4].listen is 'tcp://127.0.0.1:70000'*",
            "11:*inputs.syslog[[]5].receive_buffer means nothing for what connects*",
            "12:*inputs.syslog[[]5].tls_config needs a listen with tls://*",
            "13:*inputs.syslog[[]5].max_message_size is 1; it must be at least 480 bytes*",
            "14:*inputs.syslog[[]5].max_conections is not a known key; did you mean 'max_connections'?*",
            "15:*inputs.syslog[[]6].listen is 'relp://127.0.0.1:515', where another input of this list listens already*",
            "16:*inputs.syslog[[]6].allow_from holds '10.0.0.0/99', which is no network*",
        ];
        foreach (string one in wanted)
        {
            string pattern = "*" + one.Replace("[[]", "[", StringComparison.Ordinal);
            problems.Should().ContainMatch(pattern);
        }
    }

    private static IReadOnlyList<InputOptions> Read(string yaml) => MetricsOptions.Parse(yaml).Inputs.Inputs;
}
