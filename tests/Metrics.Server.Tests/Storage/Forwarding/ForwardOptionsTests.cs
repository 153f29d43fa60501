using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Storage.Forwarding;

namespace Metrics.Tests.Storage.Forwarding;

/// <summary><c>forward</c> as operators write it.</summary>
public sealed class ForwardOptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_document()
    {
        MetricsOptions.Parse("").Forward.Should().BeNull();
        ForwardOptions forward = MetricsOptions.Parse("forward: { url: 'https://centre:9990', token: t }").Forward!;
        (forward.Url, forward.Node, forward.Token!.Reveal()).Should()
            .Be((new Uri("https://centre:9990"), Environment.MachineName, "t"));
        (forward.Events, forward.Samples, forward.SpoolBytes, forward.SpoolAge).Should()
            .Be((true, true, 1L << 30, TimeSpan.FromDays(7)));
    }

    [Fact]
    public void Every_problem_is_reported_at_once_with_its_line()
    {
        Action read = () => MetricsOptions.Parse("""
            forward:
              url: centre
              token_file: /nowhere/token
              node: a b
              events: false
              samples: false
              spool_bytes: 1KiB
              spool_age: 1s
              tls_config: { ca_file: /nowhere/ca.pem }
              colour: red
            """);
        string[] expected =
        [
            ":2:8: forward.url is 'centre'; it must be a URL that begins with http:// or https://",
            ":3:15: forward.token_file is '/nowhere/token', which does not exist",
            ":4:9: forward.node is 'a b'; it must be 1 to 128 letters, digits, '.', '_', '-' and ':'",
            ":5:11: forward.events and 'samples' are false: nothing would be sent",
            ":7:16: forward.spool_bytes is 1KiB; it must be at least 1048576 bytes",
            ":8:14: forward.spool_age is 1s; it must be at least 1m",
            ":9:26: forward.tls_config.ca_file is '/nowhere/ca.pem', which does not exist",
            ":10:3: forward.colour is not a known key",
        ];
        string[] problems = read.Should().Throw<ConfigurationException>().Which.Message.Split('\n');
        problems.Should().HaveCount(expected.Length);
        foreach (string problem in expected)
            problems.Should().ContainSingle(p => p.Contains(problem, StringComparison.Ordinal), problem);
    }

    [Fact]
    public void A_change_needs_a_restart_and_a_reload_says_so()
    {
        MetricsOptions before = MetricsOptions.Parse(""), after = MetricsOptions.Parse("forward: { url: 'https://centre:9990' }");
        after.AtStart.Except(before.AtStart).Select(s => s.Name).Should().Equal("forward");
    }
}
