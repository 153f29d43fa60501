using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Inputs.OpenStack;

namespace Metrics.Tests.Inputs.OpenStack;

/// <summary><c>inputs.openstack</c> as operators write it.</summary>
public sealed class NotificationsOptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_document()
    {
        NotificationsOptions one =
            Read("inputs: { openstack: [ { name: a, notifications: { url: 'amqp://metricsd@rabbit' } } ] }").Single();
        (one.Name, one.Queue, one.Password).Should().Be(("openstack/a", "metricsd.a", null));
        one.Exchanges.Should().Equal("glance", "keystone", "neutron", "nova", "openstack");
        one.Topics.Should().Equal("notifications", "versioned_notifications");
        NotificationsOptions other = Read("""
            inputs:
              openstack:
                - name: b
                  notifications: { url: 'amqp://u:p@h', queue_prefix: second, exchanges: [nova, heat], topics: [infra] }
            """).Single();
        other.Queue.Should().Be("second.b");
        other.Bindings.Should().Equal(new QueueBinding("nova", "infra.*"), new QueueBinding("heat", "infra.*"));
    }

    [Fact]
    public void The_same_text_read_twice_is_the_same_input_until_the_file_of_its_password_changes()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "one");
        string text = "inputs: { openstack: [ { name: a, "
            + $"notifications: {{ url: 'amqp://u@h', password_file: {file}, exchanges: [x, y] }} }} ] }}";
        NotificationsOptions[] first = [.. Read(text)];
        Read(text).Should().Equal(first);
        Read(text.Replace("[x, y]", "[x]", StringComparison.Ordinal)).Should().NotEqual(first);
        File.WriteAllText(file, "another");
        Read(text).Should().NotEqual(first);
        File.Delete(file);
    }

    [Fact]
    public void A_URL_may_be_in_a_file()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "rabbit://u:p@a,u:p@b:1/v\n");
        NotificationsOptions one = Read($"inputs: {{ openstack: [ {{ name: a, notifications: {{ url_file: {file} }} }} ] }}").Single();
        (one.Broker.User, one.Broker.Password, one.Broker.VirtualHost, $"{one.Broker}").Should().Be(("u", "p", "v", "a:5672, b:1"));
        File.Delete(file);
    }

    [Fact]
    public void Every_problem_is_reported_at_once_with_its_line_and_no_password()
    {
        Action read = () => Read("""
            inputs:
              openstack:
                - name: a
                  notifications:
                    url: 'amqp://u:hunter2@h'
                    password: hunter3
                    tls_config: { insecure_skip_verify: true }
                    exchanges: []
                    topics: ['']
                    queue_prefix: amq
                    exchange: nova
                - notifications: { url: 'http://u:hunter2@h' }
                - name: c
                - name: d
                  notifications: {}
                  nova: {}
                - name: e
                  notifications: { url: 'amqp://u:hunter2@h', url_file: /missing/url }
                - name: f
                  notifications: { url_file: /missing/url }
                - name: f
                  notifications: { url: 'amqp://u@h' }
            """);
        string message = read.Should().Throw<ConfigurationException>().Which.Message;
        string[] problems = message.Split('\n');
        string[] wanted =
        [
            "6:*inputs.openstack[0].notifications.password is in the URL too; leave it out there",
            "7:*inputs.openstack[0].notifications.tls_config stands beside a URL without TLS; write amqps://",
            "8:*inputs.openstack[0].notifications.exchanges is empty",
            "9:*inputs.openstack[0].notifications.topics holds ''; a name has 1 to 253 bytes",
            "10:*inputs.openstack[0].notifications.queue_prefix gives the queue 'amq.a'; a name has at most 255 bytes and does not begin *",
            "11:*inputs.openstack[0].notifications.exchange is not a known key; did you mean 'exchanges'?*",
            "12:*inputs.openstack[1].name is required",
            "12:*inputs.openstack[1].notifications.url must begin with amqp://, amqps:// or rabbit://",
            "13:*inputs.openstack[2].notifications is required",
            "15:*inputs.openstack[3].notifications.url is required, or 'url_file'",
            "16:*inputs.openstack[3].nova is not a known key*",
            "18:*inputs.openstack[4].notifications.url and 'url_file' cannot stand together",
            "20:*inputs.openstack[5].notifications.url_file is '/missing/url', which does not exist",
            "*inputs.openstack has openstack/f 2 times; each stands there once*",
        ];
        foreach (string one in wanted)
            problems.Should().ContainMatch("*" + one);
        message.Should().NotContain("hunter");
    }

    private static IEnumerable<NotificationsOptions> Read(string yaml) =>
        MetricsOptions.Parse(yaml).Inputs.Inputs.OfType<NotificationsOptions>();
}
