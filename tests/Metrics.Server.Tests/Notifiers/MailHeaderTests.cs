using System.Net;
using System.Net.Sockets;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Notifiers;
using MimeKit;

namespace Metrics.Tests.Notifiers;

/// <summary>Headers are what a reader sees: they neither choose who gets a mail nor keep it from going out.</summary>
public sealed class MailHeaderTests
{
    [Theory]
    [InlineData("'Reply To'")]
    [InlineData("'X-Team:'")]
    [InlineData("Überschrift")]
    public void A_name_that_no_mail_can_have_is_told_when_it_is_loaded(string name)
    {
        Action load = () => Read($"{{ {name}: x }}");
        load.Should().Throw<ConfigurationException>().WithMessage($"*headers*{name.Trim('\'')}*is no name of a header*");
    }

    [Theory]
    [InlineData("{ To: 'ops-list@x.y' }")]
    [InlineData("{ To: '{{ .CommonLabels.mail }}' }")]
    [InlineData("{ To: '@,@<<>', Sender: '@', Date: never, From: '<', Message-ID: '<@', References: '<<', Bcc: 'z@x.y' }")]
    public async Task The_recipients_are_those_of_the_settings(string headers)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<List<string>> served = ServeAsync(listener);
        var tools = new NotifierTools(null!, null!, TimeProvider.System);
        string host = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        (await Read(headers, host).SendAsync(Message(), "key", tools, TestContext.Current.CancellationToken)).Should().Be(Delivery.Sent);
        (await served).Where(l => l.StartsWith("MAIL", StringComparison.Ordinal) || l.StartsWith("RCPT", StringComparison.Ordinal))
            .Select(l => l.Split('<', '>')[1]).Should().Equal("m@x.example", "d@e.f", "g@h.i");
    }

    [Fact]
    public void A_header_without_a_value_leaves_ours() =>
        ((MailboxAddress)Compose("{ To: '{{ .CommonLabels.mail }}' }").To[0]).Address.Should().Be("d@e.f");

    private static MimeMessage Compose(string headers) => Read(headers).Compose(Message(), "key", null, TimeProvider.System);

    private static async Task<List<string>> ServeAsync(TcpListener listener)
    {
        var lines = new List<string>();
        using TcpClient client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\r\n" };
        await writer.WriteLineAsync("220 here");
        bool isData = false;
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            lines.Add(line);
            if (isData && line != ".")
                continue;
            isData = line == "DATA";
            await writer.WriteLineAsync(isData ? "354 go on" : line == "QUIT" ? "221 bye" : "250 ok");
        }
        return lines;
    }

    private static EmailNotifier Read(string headers, string host = "h:25") => (EmailNotifier)MetricsOptions.Parse(
        "receivers: [ { name: r, email_configs: [ { to: 'd@e.f, g@h.i', from: m@x.example, require_tls: false, picture: false, "
        + $"smarthost: '{host}', headers: {headers} }} ] }} ]").Notifications.Receivers[0].Notifiers[0].Notifier;

    private static AlertMessage Message() => AlertMessage.Of("{}:{}", Labels.Empty,
        [
            new MessageAlert
            {
                Status = "firing", Labels = new Dictionary<string, string> { ["alertname"] = "Hot" },
                Annotations = new Dictionary<string, string>(), StartsAt = AlertMessage.NoTime, EndsAt = AlertMessage.NoTime,
                GeneratorUrl = "", Fingerprint = "f",
            },
        ], "r", "http://m");
}
