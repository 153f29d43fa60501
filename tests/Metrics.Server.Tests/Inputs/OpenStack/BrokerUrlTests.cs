using Metrics.Inputs.OpenStack;

namespace Metrics.Tests.Inputs.OpenStack;

/// <summary>URLs of RabbitMQ, and <c>transport_url</c> as it stands in the services' files.</summary>
public sealed class BrokerUrlTests
{
    [Theory]
    [InlineData("amqp://u@h", "u", null, "h:5672", "/", false)]
    [InlineData("amqp://u:p@h:1/", "u", "p", "h:1", "/", false)]
    [InlineData("amqps://u@h", "u", null, "h:5671", "/", true)]
    [InlineData("amqp://u@h/%2F", "u", null, "h:5672", "/", false)]
    [InlineData("rabbit://u:p@h:5672//", "u", "p", "h:5672", "/", false)]
    [InlineData("amqp://u@h/my%20cloud", "u", null, "h:5672", "my cloud", false)]
    [InlineData("amqp://a%40b:x%2Fy%3A@10.0.0.1:1/v", "a@b", "x/y:", "10.0.0.1:1", "v", false)]
    [InlineData("amqp://u@[2001:db8::1]:7/v", "u", null, "2001:db8::1:7", "v", false)]
    [InlineData("rabbit://u:p@a:1,u:p@b,c:3/v", "u", "p", "a:1, b:5672, c:3", "v", false)]
    public void What_it_says(string text, string user, string? password, string hosts, string virtualHost, bool isTls)
    {
        BrokerUrl.TryParse(text, out BrokerUrl? url, out string problem).Should().BeTrue(problem);
        (url!.User, url.Password, $"{url}", url.VirtualHost, url.IsTls).Should().Be((user, password, hosts, virtualHost, isTls));
    }

    [Theory]
    [InlineData("", "must begin with amqp://*")]
    [InlineData("u@h:5672", "must begin with amqp://*")]
    [InlineData("http://u@h", "must begin with amqp://*")]
    [InlineData("amqp://h", "names no user; write amqp://USER@HOST")]
    [InlineData("amqp://:p@h", "names no user*")]
    [InlineData("amqp://u@", "has '' where HOST or HOST:PORT must stand")]
    [InlineData("amqp://u:p@h:x/", "has 'h:x' where*")]
    [InlineData("amqp://u:p@h:99999", "has 'h:99999' where*")]
    [InlineData("amqp://u:hunter/2@h", "has no HOST or HOST:PORT where one must stand; in a password '/' is written %2F, ',' is %2C")]
    [InlineData("amqp://u:hunter,2@h", "has no HOST*")]
    [InlineData("rabbit://u:hunter2@a,u:hunter/2@b", "has no HOST*")]
    [InlineData("amqp://u:p@a,u:q@b", "names two users or passwords; one is for all hosts")]
    [InlineData("rabbit://u:p@h/?ssl=1", "has parameters behind '?'*")]
    public void What_is_wrong_with_it(string text, string pattern)
    {
        BrokerUrl.TryParse(text, out BrokerUrl? url, out string problem).Should().BeFalse();
        url.Should().BeNull();
        problem.Should().Match(pattern).And.NotContain("hunter");
    }
}
