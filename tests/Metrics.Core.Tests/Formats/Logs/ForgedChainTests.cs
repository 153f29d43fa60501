using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Lines in which a client has put, into what it has forwarded, what looks like the rest of the line.</summary>
public sealed class ForgedChainTests
{
    private const string Uwsgi = " => generated 123 bytes in 3 msecs (HTTP/1.1 401) 5 headers in 178 bytes (1 switches on core 0)";
    private const string Oslo = "2026-11-25 23:59:59.008 25746 INFO nova.osapi_compute.wsgi.server [req-1 - - - - -] ";
    private const string Horizon = "2026-11-25 23:59:59.604 81 INFO openstack_auth.forms ";

    [Theory]
    [InlineData("6.6.6.6 () {1 vars in 1 bytes} [Thu Nov 26 09:00:00 2026] GET /x, 127.0.7.1", "")]
    [InlineData("6.6.6.6 evil, 127.0.7.1", "")]
    [InlineData("6.6.6.6, 127.0.7.1", "ann")]
    [InlineData("127.0.7.1", "ann (x)")]
    [InlineData("127.0.7.1", "a) {b")]
    public void Of_uWSGI_the_last_address_before_the_last_user_is_from_where(string chain, string user)
    {
        LogRecord record = SecurityCases.Read(
            $"[pid: 12|app: 0|req: 1/1] {chain} ({user}) {{64 vars in 1201 bytes}} [Thu Nov 26 10:00:00 2026] GET /v3{Uwsgi}");
        record[EventFields.SourceIp].Should().Be("127.0.7.1");
        record[EventFields.UserName].Should().Be(user.Length > 0 ? user : null);
        record[EventFields.HttpStatus].Should().Be("401");
        record[EventFields.Url].Should().Be("/v3");
    }

    [Theory]
    [InlineData("6.6.6.6 evil, 127.0.7.1 \"GET /x HTTP/1.1\"", "127.0.7.1")]
    [InlineData("6.6.6.6,127.0.7.1 \"GET /x HTTP/1.1\"", "127.0.7.1")]
    [InlineData("127.0.7.1 \"GET /a \"b HTTP/1.1\"", "127.0.7.1")]
    [InlineData("6.6.6.6 \"GET /y HTTP/1.1\" status: 200 len: 1 time: 0.1, 127.0.7.1 \"GET /x HTTP/1.1\"", null)]
    [InlineData("127.0.7.1 \"GET /, 6.6.6.6 \"GET /x HTTP/1.1\"", null)]
    public void A_request_of_nova_that_holds_another_is_of_nobody(string start, string? source)
    {
        LogRecord record = SecurityCases.Read($"{Oslo}{start} status: 404 len: 296 time: 0.0007560");
        record.Kind.Should().Be(EventKinds.HttpRequest);
        record[EventFields.HttpStatus].Should().Be("404");
        record[EventFields.SourceIp].Should().Be(source);
    }

    [Theory]
    [InlineData("6.6.6.6 evil, 127.0.7.1 - -", null, null)]
    [InlineData("6.6.6.6 - x,127.0.7.1 - -", null, null)]
    [InlineData("cloud.example.org 6.6.6.6 evil, 127.0.7.1:80 - -", null, null)]
    [InlineData("192.0.2.7 - lee, ann", "192.0.2.7", null)]
    [InlineData("6.6.6.6, 127.0.7.1 - -", "127.0.7.1", "6.6.6.6")]
    [InlineData("127.0.7.1 6.6.6.6 - -", "127.0.7.1", "6.6.6.6")]
    [InlineData("203.0.113.66, 10.0.0.5 127.0.7.1 - -", "127.0.7.1", "203.0.113.66, 10.0.0.5")]
    public void A_client_behind_which_a_chain_goes_on_is_not_believed(string head, string? source, string? forwarded)
    {
        LogRecord record = SecurityCases.Read($"{head} [28/Nov/2026:06:53:22 +0000] \"GET /x HTTP/1.1\" 404 90");
        record.Kind.Should().Be(EventKinds.HttpRequest);
        record[EventFields.HttpStatus].Should().Be("404");
        record[EventFields.SourceIp].Should().Be(source);
        record[EventFields.SourceForwarded].Should().Be(forwarded);
    }

    [Fact]
    public void A_chain_that_is_longer_than_a_kilobyte_hides_no_request()
    {
        string head = string.Join(", ", Enumerable.Repeat("198.51.100.1", 500)) + ", 127.0.7.1 - -";
        LogRecord record = SecurityCases.Read($"{head} [28/Nov/2026:06:53:22 +0000] \"GET /x HTTP/1.1\" 404 90");
        record.Kind.Should().Be(EventKinds.HttpRequest);
        record[EventFields.SourceIp].Should().Be("127.0.7.1");
    }

    [Theory]
    [InlineData("\"203.0.113.9\"", "203.0.113.9")]
    [InlineData("\"203.0.113.9\" \"10.0.0.5:8080\"", null)]
    [InlineData("\"203.0.113.9\" \"203.0.113.9\"", "203.0.113.9")]
    [InlineData("\"x\" \"203.0.113.9, 10.0.0.5\" \"-\"", "203.0.113.9, 10.0.0.5")]
    public void Of_several_fields_that_look_like_an_address_none_is_believed(string fields, string? forwarded)
    {
        LogRecord record = SecurityCases.Read(
            $"192.0.2.7 - - [28/Nov/2026:06:53:22 +0000] \"GET /x HTTP/1.1\" 404 90 \"-\" \"curl/8.5.0\" {fields}");
        record[EventFields.SourceIp].Should().Be("192.0.2.7");
        record[EventFields.SourceForwarded].Should().Be(forwarded);
    }

    [Theory]
    [InlineData("6.6.6.6, 127.0.7.1", null)]
    [InlineData("6.6.6.6: x, 127.0.7.1", null)]
    [InlineData("6.6.6.6: x, 127.0.7.1: password expired", "password expired")]
    [InlineData("127.0.7.1: no: really", "no: really")]
    [InlineData("127.0.7.1", null)]
    public void Of_what_was_forwarded_to_Horizon_the_nearest_is_from_where(string forwarded, string? reason)
    {
        LogRecord record = SecurityCases.Read(
            $"{Horizon}Login failed for user \"ann\" using domain \"Default\", remote address {forwarded}.");
        record[EventFields.SourceIp].Should().Be("127.0.7.1");
        record[EventFields.SourceDomain].Should().BeNull();
        record[EventFields.Reason].Should().Be(reason);
    }
}
