using System.Text.Json;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;
using Metrics.Rules;
using MimeKit;

namespace Metrics.Tests.Alerting;

public sealed class NotificationTests
{
    private static readonly Timestamp s_at = new(1_700_000_000_000);

    [Fact]
    public void The_webhook_has_Alertmanagers_form()
    {
        JsonElement message = JsonDocument.Parse(Message(Alert("a"), Alert("b")).ToWebhookJson()).RootElement;
        message.EnumerateObject().Select(p => p.Name).Should().BeEquivalentTo(
            "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations",
                "externalURL", "alerts");
        message.GetProperty("version").GetString().Should().Be("4");
        message.GetProperty("commonLabels").EnumerateObject().Select(p => p.Name).Should().BeEquivalentTo("alertname");
        JsonElement alert = message.GetProperty("alerts")[0];
        alert.EnumerateObject().Select(p => p.Name).Should()
            .BeEquivalentTo("status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint");
        alert.GetProperty("startsAt").GetString().Should().Be("2023-11-14T22:13:20.000Z");
        alert.GetProperty("endsAt").GetString().Should().Be("0001-01-01T00:00:00Z");
    }

    [Fact]
    public void The_webhook_says_where_to_acknowledge_and_nothing_else_of_ours()
    {
        AlertMessage message = Message(Alert("a")) with { At = 5, Counts = new AlertCounts(1, 0) };
        AlertMessage sent = (message with { Links = MessageLinks.Of(message, "key", what => $"sig={what.Length}") }).ToPublic();
        JsonElement json = JsonDocument.Parse(sent.ToJson()).RootElement;
        json.GetProperty("ack_url").GetString().Should().Be("http://m/acknowledge/key?sig=15");
        json.EnumerateObject().Should().HaveCount(11, "of Alertmanager's ten keys none is changed");
        JsonDocument.Parse(AlertMessage.FromJson(sent.ToJson()).ToWebhookJson()).RootElement.GetProperty("ack_url").GetString()
            .Should().NotBeNull("it outlives the outbox");
    }

    [Fact]
    public void A_message_survives_its_own_storage()
    {
        AlertMessage message = Message(Alert("ü \"x\" <y>"));
        AlertMessage.FromJson(message.ToJson()).ToJson().Should().Be(message.ToJson());
    }

    [Fact]
    public void An_alert_survives_the_state_database()
    {
        AlertInstance alert =
            Alert("a") with { State = new AlertState.NoData(new AlertState.Firing(1, 2, 3), 4), Value = double.NaN, Bound = 1.5 };
        AlertInstance read = AlertJson.Read(LabelsJson.Write(alert.Series), AlertJson.Write(alert));
        read.State.Should().Be(alert.State);
        read.Labels.Equals(alert.Labels).Should().BeTrue();
        (read.Value, read.Bound, read.Annotations["summary"]).Should().Be((double.NaN, 1.5, alert.Annotations["summary"]));
    }

    [Fact]
    public void No_data_and_expiry_are_said()
    {
        AlertInstance firing = Alert("a");
        Become(new AlertState.NoData(firing.State, s_at.Milliseconds)).Annotations["metricsd_state"].Should().StartWith("no data");
        MessageAlert expired = Become(new AlertState.Inactive(EndReason.Expired));
        (expired.Status, expired.Annotations["metricsd_state"][..7]).Should().Be(("resolved", "expired"));

        MessageAlert Become(AlertState state) =>
            MessageAlert.Of(new RoutedAlert(RuleId.Parse("r"), firing with { State = state }, firing.State, s_at), "http://m");
    }

    [Fact]
    public void Nothing_that_a_label_holds_becomes_a_header_or_markup()
    {
        var notifier =
            (EmailNotifier)MetricsOptions.Parse("receivers: [ { name: r, email_configs: [ { to: ops@x.example, from: m@x.example, "
                + "smarthost: 'h:25' } ] } ]").Notifications.Receivers[0].Notifiers[0].Notifier;
        MimeMessage mail = notifier.Compose(
            Message(Alert("x\r\nBcc: evil@x.example\r\n\r\n<script>alert(1)</script>{{ 1 }}")), "key", null, TimeProvider.System);
        using var written = new MemoryStream();
        mail.WriteTo(written);
        written.Position = 0;
        MimeMessage read = MimeMessage.Load(written);
        read.Bcc.Count.Should().Be(0);
        read.Headers.Select(h => h.Field).Should().NotContain("Bcc");
        read.Subject.Should().NotContain("\n");
        read.HtmlBody.Should().NotContain("<script>").And.Contain("&lt;script&gt;");
        read.TextBody.Should().Contain("<script>", "plain text is plain");
    }

    [Theory]
    [InlineData(200, "Sent")]
    [InlineData(204, "Sent")]
    [InlineData(301, "Rejected")]
    [InlineData(400, "Rejected")]
    [InlineData(404, "Rejected")]
    [InlineData(408, "Retry")]
    [InlineData(429, "Retry")]
    [InlineData(500, "Retry")]
    [InlineData(503, "Retry")]
    public void A_webhook_status_is_sent_retry_or_never(int status, string expected) =>
        HttpSender.Judge(status, null, DateTimeOffset.UnixEpoch).Status.ToString().Should().Be(expected);

    [Fact]
    public void Pauses_grow_to_five_minutes()
    {
        Outbox.Pause(1).Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(1));
        Outbox.Pause(60).Should().BeLessThanOrEqualTo(TimeSpan.FromMinutes(5)).And.BeGreaterThan(TimeSpan.FromMinutes(3));
    }

    private static AlertMessage Message(params AlertInstance[] alerts) =>
        AlertMessage.Of("{}:{alertname=\"Test\"}", Labels.Of(new Label("alertname", "Test")),
            [.. alerts.Select(a => MessageAlert.Of(new RoutedAlert(RuleId.Parse("r"), a, new AlertState.Inactive(), s_at), "http://m"))],
            "ops", "http://m");

    private static AlertInstance Alert(string host) => new()
    {
        Series = Labels.Of(new Label("host", host)),
        Labels = Labels.Of(new Label("alertname", "Test"), new Label("host", host)),
        State = new AlertState.Firing(s_at.Milliseconds - 1000, s_at.Milliseconds),
        Value = 5,
        Annotations = new Dictionary<string, string> { ["summary"] = $"{host} is hot" },
    };
}
