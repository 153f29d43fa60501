using System.Text;
using Metrics.Formats.Logs;
using Metrics.Formats.Logs.OpenStack;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>The cloud's own logs: OpenStack's services, and what they run on.</summary>
public sealed class CloudLogTests
{
    [Theory]
    [InlineData("oslo")]
    [InlineData("oslo-json")]
    [InlineData("oslo-json-real")]
    [InlineData("oslo-real")]
    [InlineData("oslo-syslog")]
    [InlineData("keystone-real")]
    [InlineData("notification")]
    [InlineData("uwsgi")]
    [InlineData("haproxy")]
    [InlineData("haproxy-file")]
    [InlineData("haproxy-real")]
    [InlineData("proxies-real")]
    [InlineData("proxies")]
    [InlineData("keystone-proxied")]
    [InlineData("leveled")]
    [InlineData("vlog")]
    [InlineData("rabbitmq")]
    [InlineData("rabbitmq-old")]
    [InlineData("rabbitmq-real")]
    [InlineData("libvirt")]
    [InlineData("ceph")]
    [InlineData("mariadb-real")]
    [InlineData("mysql")]
    [InlineData("pacemaker")]
    [InlineData("mysql-syslog")]
    [InlineData("swift")]
    [InlineData("access")]
    [InlineData("apache-error")]
    [InlineData("apache-real")]
    [InlineData("nginx-error")]
    [InlineData("nginx-real")]
    public void Lines_become_fields(string name) => LogCases.Check(name);

    [Fact]
    public void A_name_with_an_address_does_not_become_the_source()
    {
        LogRecord record = Read(
            "2026-11-25 23:59:59.601 26 WARNING keystone.common.wsgi [-] Authorization failed. Could not find user: x from 203.0.113.9."
            + " from 192.0.2.66");
        record.Kind.Should().Be(EventKinds.IdentityAuthenticate);
        record[EventFields.Outcome].Should().Be("failure");
        record[EventFields.SourceIp].Should().Be("192.0.2.66");
        record[EventFields.UserName].Should().Be("x from 203.0.113.9");
    }

    [Theory]
    [InlineData(4200)]
    [InlineData(60_000)]
    public void However_much_a_client_has_forwarded_the_address_behind_it_is_that_of_a_failure_of_Keystone(int length)
    {
        const string Reason = "The request you have made requires authentication.";
        LogRecord record = Read(
            $"2026-11-28 07:09:01.835 27697 WARNING keystone.server.flask.application [None req-1 - - - - - -] Authorization failed. {Reason}"
            + $" from {new string('x', length)}, 127.0.7.1: keystone.exception.Unauthorized: {Reason}");
        record[EventFields.SourceIp].Should().Be("127.0.7.1");
        record[EventFields.Reason].Should().Be(Reason);
    }

    [Fact]
    public void A_disabled_account_that_is_tried_is_a_failure_of_that_account()
    {
        LogRecord record = Read("2026-11-25 23:59:59.601 26 WARNING keystone.auth.core [req-1 - - - - -] User is disabled: 18b9a79bb9d14fa5");
        record.Kind.Should().Be(EventKinds.IdentityAuthenticate);
        record[EventFields.Outcome].Should().Be("failure");
        record[EventFields.UserId].Should().Be("18b9a79bb9d14fa5");
        record[EventFields.Reason].Should().Be("User is disabled: 18b9a79bb9d14fa5");
    }

    [Fact]
    public void The_bus_and_the_log_say_the_same()
    {
        const string Json = """
            {"event_type": "identity.authenticate", "publisher_id": "identity.ctl-1", "message_id": "m-1", "payload": {
            "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "action": "authenticate", "outcome": "failure",
            "initiator": {"user_id": "u-1", "username": "ann \"x\" \u00fc", "host": {"address": "192.0.2.7"}}}}
            """;
        LogRecord plain = Notification(Json);
        plain[EventFields.UserName].Should().Be("ann \"x\" ü");
        plain[EventFields.EventId].Should().Be("m-1");
        string escaped = System.Text.Json.JsonSerializer.Serialize(Json);
        LogRecord onTheBus = Notification($$"""{"oslo.version": "2.0", "oslo.message": {{escaped}}}""");
        LogCases.Describe(onTheBus).Should().Be(LogCases.Describe(plain));
    }

    [Fact]
    public void Names_with_half_a_character_or_bytes_that_are_no_text_are_read_too()
    {
        Notification("""{"event_type": "identity.user.created", "publisher_id": "identity.x", "payload": {"resource_info": "\ud800"}}""")
            .Kind.Should().Be(EventKinds.ResourceCreated);
        byte[] broken =
        [
            .. """{"event_type": "identity.user.created", "publisher_id": "identity.x", "payload": {"resource_info": "\n"""u8,
            0xFF,
            .. "\"}}"u8,
        ];
        var record = new LogRecord();
        Notifications.TryRead(broken, new LogContext(TimeZoneInfo.Utc), record).Should().BeTrue();
        record.Kind.Should().Be(EventKinds.ResourceCreated);
    }

    [Fact]
    public void Ids_of_old_releases_lose_their_prefix_and_names_that_look_like_them_do_not()
    {
        LogRecord record = Notification("""
            {"typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "id": "openstack:e-1", "action": "authenticate",
            "outcome": "failure", "initiator": {"id": "openstack:u-1", "username": "openstack:admin"}}
            """);
        record[EventFields.EventId].Should().Be("e-1");
        record[EventFields.UserId].Should().Be("u-1");
        record[EventFields.UserName].Should().Be("openstack:admin");
    }

    [Theory]
    [InlineData("""[{"name": "partial_password_hash", "typeURI": "mime:text/plain", "content": "\/qk6A"}]""", "/qk6A")]
    [InlineData("""[{"name": "x", "content": "a"}, 1, {"content": "z4Eya", "name": "partial_password_hash"}]""", "z4Eya")]
    [InlineData("""[{"name": "partial_password_hash"}]""", null)]
    [InlineData("""{"name": "partial_password_hash", "content": "z4Eya"}""", null)]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    public void What_Keystone_tells_of_a_wrong_password_says_whether_it_is_the_same(string attachments, string? fingerprint)
    {
        Notification($$"""
            {"event_type": "identity.authenticate", "publisher_id": "identity.x", "payload": {
            "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "action": "authenticate", "outcome": "failure",
            "attachments": {{attachments}}, "initiator": {"user_id": "u-1"} } }
            """)[EventFields.Fingerprint].Should().Be(fingerprint);
    }

    [Fact]
    public void Long_texts_are_cut_and_not_lost()
    {
        string path = "/" + new string('x', EventBounds.MaxValueLength * 5);
        LogRecord record = Notification($$"""
            {"publisher_id": "identity.x", "event_type": "audit.http.response", "payload": {
            "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "requestPath": "{{path}}" } }
            """);
        record[EventFields.Url].Should().Be(path[..EventBounds.MaxValueLength]);
    }

    [Fact]
    public void An_event_type_alone_makes_no_notification()
    {
        var context = new LogContext(TimeZoneInfo.Utc);
        Notifications.TryRead("""{"event_type":"alert","payload":"AAAA","src_ip":"192.0.2.1"}"""u8, context, new LogRecord())
            .Should().BeFalse();
    }

    private static LogRecord Read(string line)
    {
        var record = new LogRecord();
        new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now }).Read(Encoding.UTF8.GetBytes(line), record)
            .Should().BeTrue();
        return record;
    }

    private static LogRecord Notification(string json)
    {
        var record = new LogRecord();
        Notifications.TryRead(Encoding.UTF8.GetBytes(json), new LogContext(TimeZoneInfo.Utc), record).Should().BeTrue();
        return record;
    }
}
