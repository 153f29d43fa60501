using System.Text;
using Metrics.Tests.Formats.Logs;
using Metrics.Text;

namespace Metrics.Tests.Text;

/// <summary>Secrets in texts as services and programs write them.</summary>
public sealed class RedactorTests
{
    private static readonly Redactor s_redactor = new(withDefaults: true);

    [Theory]
    [InlineData("login with password=hunter2 failed", "login with password=*** failed")]
    [InlineData("DB_PASSWORD: hunter2", "DB_PASSWORD: ***")]
    [InlineData("failed password for ann, db_password      =                                                        hunter2",
        "failed password for ann, db_password      =                                                        ***")]
    [InlineData("password                                                                            = hunter2",
        "password                                                                            = ***")]
    [InlineData("rabbit_password = hun,ter2;x", "rabbit_password = ***")]
    [InlineData("""{"password": "hunt\"er2", "user": "ann"}""", """{"password": "***", "user": "ann"}""")]
    [InlineData("""body: {\"adminPass\": \"hunter2\", \"a\": 1}""", """body: {\"adminPass\": \"***\", \"a\": 1}""")]
    [InlineData("{'password': u'hunter2', 'n': 1}", "{'password': u'***', 'n': 1}")]
    [InlineData("GET /v3/x?token=abc123&limit=5 HTTP/1.1", "GET /v3/x?token=***&limit=5 HTTP/1.1")]
    [InlineData("mysql --password hunter2 -u root", "mysql --password *** -u root")]
    [InlineData("client_secret=>abc api_key:abc aws_secret_access_key = wJalrXUtnFEMI/K7MDENG",
        "client_secret=>*** api_key:*** aws_secret_access_key = ***")]
    [InlineData("curl -H 'X-Auth-Token: gAAAAABk' -H 'X-Subject-Token: 3f2a'", "curl -H 'X-Auth-Token: ***' -H 'X-Subject-Token: ***'")]
    [InlineData("Authorization: Basic YWxhZGRpbjpvcGVu", "Authorization: Basic ***")]
    [InlineData("\"authorization\": \"Bearer abc.def\"", "\"authorization\": \"Bearer ***\"")]
    [InlineData("sent bearer abcdefgh1234 to it", "sent bearer *** to it")]
    [InlineData("transport_url = rabbit://nova:hunter2@ctl-1:5672/", "transport_url = rabbit://nova:***@ctl-1:5672/")]
    [InlineData("rabbit://a:hunter2@ctl-1:5672,a:hunter2@ctl-2:5672,a:hunter2@ctl-3/",
        "rabbit://a:***@ctl-1:5672,a:***@ctl-2:5672,a:***@ctl-3/")]
    [InlineData("mysql+pymysql://a:b@c/d and amqp://:x@y", "mysql+pymysql://a:***@c/d and amqp://:***@y")]
    [InlineData("key -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- end",
        "key -----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY----- end")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIE", "-----BEGIN PRIVATE KEY-----***")]
    [InlineData("used AKIAIOSFODNN7EXAMPLE today", "used *** today")]
    [InlineData("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4 x", "jwt *** x")]
    [InlineData("/v3/auth/gAAAAABkX0123456789012345678901234567890123456789== x", "/v3/auth/*** x")]
    public void A_known_secret_is_masked_and_all_else_stays(string text, string expected)
    {
        s_redactor.Redact(text).Should().Be(expected);
        // The looks that come first, at bytes and at signs, pass nothing over, wherever it stands and in whatever case.
        for (int before = 0; before < 40; before++)
        {
            string longer = new string('.', before) + text;
            s_redactor.MayHold(longer).Should().BeTrue();
            s_redactor.MayHold(Encoding.UTF8.GetBytes(longer)).Should().BeTrue();
            s_redactor.MayHold(Encoding.UTF8.GetBytes(longer.ToUpperInvariant())).Should().BeTrue();
        }
    }

    [Fact]
    public void The_first_look_knows_each_word_with_which_a_secret_comes() =>
        Redactor.Words.Append("://").Should().OnlyContain(w => SecretSigns.MayBeIn(Encoding.UTF8.GetBytes(w)));

    [Fact]
    public void Most_lines_of_logs_are_not_looked_at_further()
    {
        string[] lines = [.. LogMutations.Records().Select(Encoding.UTF8.GetString)];
        lines.Count(l => s_redactor.MayHold(Encoding.UTF8.GetBytes(l))).Should().BeLessThan(lines.Length / 3);
        lines.Where(l => s_redactor.Redact(l) != l).Should().OnlyContain(l => s_redactor.MayHold(Encoding.UTF8.GetBytes(l)));
    }

    [Theory]
    [InlineData("Failed password for ann from 192.0.2.7 port 5 ssh2")]
    [InlineData("ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/cat /etc/passwd")]
    [InlineData("Started Dispatch Password Requests to Console Directory Watch.")]
    [InlineData("type=PATH name=\"/etc/passwd\" inode=7")]
    [InlineData("grep: /etc/passwd: Permission denied")]
    [InlineData("mail from ann@example.org to https://example.org/a:b")]
    [InlineData("GET http://ctl-1:8774/v2.1/servers?limit=5 HTTP/1.1 200")]
    [InlineData("POST /v3/auth/tokens HTTP/1.1 201")]
    [InlineData("password=***")]
    [InlineData("")]
    public void What_holds_no_secret_is_the_same(string text) => s_redactor.Redact(text).Should().Be(text);

    [Fact]
    public void A_field_that_is_named_as_a_secret_is_masked_whole()
    {
        s_redactor.IsSecret("user.password").Should().BeTrue();
        s_redactor.IsSecret("labels.Auth_Token").Should().BeTrue();
        s_redactor.IsSecret("user.name").Should().BeFalse();
        s_redactor.Redact("mysql --password x").Should().Be("mysql --password ***");
    }

    [Fact]
    public void An_operators_patterns_come_beside_or_in_the_place_of_the_known_ones()
    {
        var card = new RedactRule(new Re2(@"\b(\d{4})\d{8,12}\b", whole: false), "$1…");
        new Redactor(true, card).Redact("card 4111111111111111 password=x").Should().Be("card 4111… password=***");
        new Redactor(false, card).Redact("card 4111111111111111 password=x").Should().Be("card 4111… password=x");
        new Redactor(false).IsSecret("password").Should().BeFalse();
    }

    [Theory]
    [InlineData("password=")]
    [InlineData("\\\\\\\"token")]
    [InlineData("-----BEGIN PRIVATE KEY-----")]
    [InlineData("password")]
    [InlineData("password \t")]
    [InlineData("a://b:")]
    [InlineData(",b:")]
    [InlineData("eyJaaaaaaaaa.")]
    [InlineData("authorization: bearer ")]
    public void Texts_that_are_made_to_take_long_take_no_longer(string part)
    {
        string text = string.Concat(Enumerable.Repeat(part, 64 * 1024 / part.Length)) + "@ ://";
        // What is made once, at the first text, is not asked here.
        s_redactor.Redact($"{part}@ ://");
        long start = TimeProvider.System.GetTimestamp();
        s_redactor.Redact(text);
        TimeProvider.System.GetElapsedTime(start).Should().BeLessThan(TimeSpan.FromSeconds(5));
    }
}
