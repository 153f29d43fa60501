using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Text;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.OpenSsl;

namespace Metrics.Tests.Notifiers;

public sealed class NotifierTests : IDisposable
{
    /// <summary>A host name as an attacker would choose it.</summary>
    private const string Evil =
        "<!channel> [x](http://evil.example) <https://evil.example|here>\r\nBcc: evil@evil.example {{ 1 + 1 }} \"];$(touch /tmp/owned)";

    private readonly Endpoint _endpoint = new();
    private readonly HttpSender _http = new(TimeProvider.System);
    private readonly NotifierTools _tools;

    public NotifierTests() => _tools = new NotifierTools(_http, new NoPictures(), TimeProvider.System);

    public void Dispose()
    {
        _http.Dispose();
        _endpoint.Dispose();
    }

    [Fact]
    public async Task Slack_gets_an_attachment_and_labels_make_no_mention_or_link()
    {
        (await SendAsync("slack_configs: [ { api_url: 'URL', channel: '#ops' } ]", Evil)).Status.Should().Be(DeliveryStatus.Sent);
        JsonElement body = Only().Json;
        body.GetProperty("channel").GetString().Should().Be("#ops");
        JsonElement attachment = body.GetProperty("attachments")[0];
        attachment.GetProperty("color").GetString().Should().Be("danger");
        attachment.GetProperty("title").GetString().Should().StartWith("[CRITICAL] Hot").And.NotContain("\n");
        foreach (string field in new[] { "title", "text", "fallback" })
            attachment.GetProperty(field).GetString().Should().NotContain("<").And.NotContain(">").And.Contain("&lt;!channel&gt;");
        attachment.GetProperty("mrkdwn_in").GetArrayLength().Should().Be(0);
    }

    [Theory]
    [InlineData("msteams_configs")]
    [InlineData("msteamsv2_configs")]
    public async Task Teams_gets_a_card_and_labels_make_no_link(string kind)
    {
        (await SendAsync($"{kind}: [ {{ webhook_url: 'URL' }} ]", Evil)).Status.Should().Be(DeliveryStatus.Sent);
        JsonElement body = Only().Json;
        List<string> texts = kind == "msteams_configs"
            ? [body.GetProperty("title").GetString()!, body.GetProperty("text").GetString()!]
            : [.. body.GetProperty("attachments")[0].GetProperty("content").GetProperty("body").EnumerateArray()
                .Select(b => b.GetProperty("text").GetString()!)];
        texts.Should()
            .HaveCount(2).And.OnlyContain(
            t => !t.Contains("[x](", StringComparison.Ordinal)
            && t.Contains("\\[x\\]\\(http", StringComparison.Ordinal)
            && !t.Contains('<', StringComparison.Ordinal));
    }

    [Fact]
    public async Task PagerDuty_opens_and_closes_one_incident()
    {
        _endpoint.Answer = r => r.StatusCode = 202;
        const string Receiver = "pagerduty_configs: [ { url: 'URL', routing_key: very-secret } ]";
        (await SendAsync(Receiver, "a")).Status.Should().Be(DeliveryStatus.Sent);
        (await SendAsync(Receiver, "a", "resolved")).Status.Should().Be(DeliveryStatus.Sent);
        List<JsonElement> bodies = [.. _endpoint.Requests.Select(r => r.Json)];
        bodies.Select(b => b.GetProperty("event_action").GetString()).Should().Equal("trigger", "resolve");
        bodies.Select(b => b.GetProperty("dedup_key").GetString()).Distinct().Should().ContainSingle().Which.Should().HaveLength(64);
        bodies[0].GetProperty("payload").GetProperty("severity").GetString().Should().Be("critical");
        bodies[0].GetProperty("payload").GetProperty("source").GetString().Should().Be("a");
        bodies[0].GetProperty("routing_key").GetString().Should().Be("very-secret");
    }

    [Fact]
    public async Task What_says_nothing_is_ours_where_a_value_is_required()
    {
        await SendAsync("pagerduty_configs: [ { url: 'URL', routing_key: k, description: '{{ .CommonLabels.none }}', "
            + "source: '{{ common_labels.none }} ' } ]", "a");
        JsonElement payload = Only().Json.GetProperty("payload");
        payload.GetProperty("summary").GetString().Should().StartWith("[CRITICAL] Hot");
        payload.GetProperty("source").GetString().Should().Be("a");
        await SendAsync("opsgenie_configs: [ { api_url: 'URL', api_key: k, message: '{{ common_labels.none }}' } ]", "a");
        _endpoint.Requests.Last().Json.GetProperty("message").GetString().Should().StartWith("[CRITICAL] Hot");
    }

    [Fact]
    public async Task Opsgenie_opens_and_closes_one_alert()
    {
        const string Receiver = """
            opsgenie_configs: [ { api_url: 'URL', api_key: k, priority: P2, tags: 'a, b', responders: [ { name: db, type: team },
              { name: 'of-{{ .CommonLabels.severity }}', type: team }, { id: '4513', type: schedule },
              { name: '{{ .CommonLabels.owner }}', type: user } ] } ]
            """;
        await SendAsync(Receiver, "a");
        await SendAsync(Receiver, "a", "resolved");
        Endpoint.Request[] requests = [.. _endpoint.Requests];
        requests.Select(r => r.Headers["Authorization"]).Should().OnlyContain(a => a == "GenieKey k");
        string alias = requests[0].Json.GetProperty("alias").GetString()!;
        requests.Select(r => r.Path).Should().Equal("/v2/alerts", $"/v2/alerts/{alias}/close?identifierType=alias");
        requests[0].Json.GetProperty("tags").EnumerateArray().Select(t => t.GetString()).Should().Equal("a", "b");
        requests[0].Json.GetProperty("responders").GetRawText().Should().Be(
            """[{"type":"team","name":"db"},{"type":"team","name":"of-critical"},{"type":"schedule","id":"4513"}]""");
    }

    [Fact]
    public async Task Any_HTTP_endpoint_is_reached_by_templates_and_a_label_is_no_header()
    {
        (await SendAsync("""
            http_configs: [ { url: 'URLtopic/{key}', method: PUT, headers: { Title: "{{ common_labels.instance }}", Priority: "5" }, content_type: application/json, body: '{"text": {{ text | object.to_json }}}' } ]
            """, Evil)).Status.Should().Be(DeliveryStatus.Sent);
        Endpoint.Request request = Only();
        (request.Method, request.Path, request.Headers["Priority"]).Should().Be(("PUT", "/topic/key-1", "5"));
        request.Headers.AllKeys.Should().NotContain("Bcc");
        request.Headers["Title"].Should().Contain("{{ 1 + 1 }}", "what a label holds is no template");
        request.Json.GetProperty("text").GetString().Should().Contain("FIRING: Hot");
    }

    [Fact]
    public async Task The_webhook_is_signed_and_cut()
    {
        _ = await SendAsync("webhook_configs: [ { url: 'URL', hmac_secret: s3, max_alerts: 1 } ]", "a", "firing", "b");
        Endpoint.Request request = Only();
        (request.Json.GetProperty("alerts").GetArrayLength(), request.Json.GetProperty("truncatedAlerts").GetInt32()).Should().Be((1, 1));
        string[] parts = request.Headers["X-Metricsd-Signature"]!.Split(["t=", ",v1="], StringSplitOptions.RemoveEmptyEntries);
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes("s3"), Encoding.UTF8.GetBytes($"{parts[0]}.{request.Body}")))
            .Should().Be(parts[1]);
    }

    [Fact]
    public async Task An_answer_with_Retry_After_is_waited_for_and_its_text_is_told()
    {
        _endpoint.Answer = r =>
        {
            r.StatusCode = 429;
            r.Headers["Retry-After"] = "120";
            r.OutputStream.Write("\0slow\n\u001b\0down\0"u8);
        };
        Delivery delivery = await SendAsync("webhook_configs: [ { url: 'URL' } ]", "a");
        (delivery.Status, delivery.After, delivery.Reason).Should()
            .Be((DeliveryStatus.Retry, TimeSpan.FromMinutes(2), "HTTP status 429: slow down"));
        Outbox.Pause(1, delivery.After).Should().Be(TimeSpan.FromMinutes(2));
        Outbox.Pause(1, TimeSpan.FromDays(3)).Should().Be(TimeSpan.FromHours(1), "nobody may silence us for days");
    }

    [Fact]
    public async Task Syslog_lines_are_octet_counted_and_escaped()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<string> read = Task.Run(async () =>
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            return await new StreamReader(client.GetStream(), new UTF8Encoding(false)).ReadToEndAsync();
        });
        (await SendAsync($"syslog_configs: [ {{ address: '127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}' }} ]",
            Evil)).Status.Should().Be(DeliveryStatus.Sent);
        string all = await read;
        int space = all.IndexOf(' ', StringComparison.Ordinal);
        string line = all[(space + 1)..];
        Encoding.UTF8.GetByteCount(line).Should().Be(int.Parse(all[..space], System.Globalization.CultureInfo.InvariantCulture));
        line.Should()
            .MatchRegex(@"^<130>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ metricsd \d+ alert \[alert@32473 status=""firing"" key=""key-1"" ");
        line.Should().NotContain("\n").And.Contain("\\\"\\];$(touch");
    }

    [Fact]
    public async Task A_command_gets_the_message_and_no_shell_sees_a_label()
    {
        string folder = Directory.CreateTempSubdirectory("command").FullName;
        string script = Path.Combine(folder, "notify");
        await File.WriteAllTextAsync(
            script, $"#!/bin/sh\ncat > {folder}/got\necho \"$1 $METRICSD_STATUS $METRICSD_IDEMPOTENCY_KEY\" > {folder}/args\nexit "
                + $"\"${{2:-0}}\"\n");
        using (System.Diagnostics.Process chmod = System.Diagnostics.Process.Start("chmod", ["+x", script]))
            await chmod.WaitForExitAsync();
        (await SendAsync($"command_configs: [ {{ command: ['{script}', 'one two'] }} ]", Evil)).Status.Should().Be(DeliveryStatus.Sent);
        JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "got"))).RootElement.GetProperty("alerts")[0]
            .GetProperty("labels").GetProperty("instance").GetString().Should().Be(Evil);
        (await File.ReadAllTextAsync(Path.Combine(folder, "args"))).Should().Be("one two firing key-1\n");
        File.Exists("/tmp/owned").Should().BeFalse();
        (await SendAsync($"command_configs: [ {{ command: ['{script}', x, '65'] }} ]", "a")).Status.Should().Be(DeliveryStatus.Rejected);
        (await SendAsync($"command_configs: [ {{ command: ['{script}', x, '1'] }} ]", "a")).Should()
            .Be(new Delivery(DeliveryStatus.Retry, "exit 1"));
        (await SendAsync("command_configs: [ { command: ['/bin/sleep', '60'], timeout: 200ms } ]", "a")).Reason.Should()
            .Be("the command ran longer than 200ms");
        Directory.Delete(folder, true);
    }

    [Fact]
    public async Task A_template_that_fails_falls_back_to_a_plain_message_that_says_so()
    {
        // With the trial's alerts it works; an alert with two words in a label breaks it.
        await SendAsync("slack_configs: [ { api_url: 'URL', text: \"{{ if common_labels.instance != '' }}{{ "
            + "string.to_int(common_labels.instance) + alerts[7].value }}{{ end }}\" } ]", "a b");
        string text = Only().Json.GetProperty("attachments")[0].GetProperty("text").GetString()!;
        text.Should().Contain("FIRING: Hot").And.Contain("The template of this message failed:");
    }

    [Theory]
    [InlineData("webhook_configs: [ { url: 'http://x/{{ .CommonLabels.team }}' } ]",
        "receivers[0].webhook_configs[0].url holds a template, and is none: a receiver has one address")]
    [InlineData("pagerduty_configs: [ { routing_key: '{{ .CommonLabels.key }}' } ]",
        "receivers[0].pagerduty_configs[0].routing_key holds a template, and is none: a receiver has one key")]
    [InlineData("slack_configs: [ { api_url: 'http://x/', text: '{{ .CommonLabel.alertname }}' } ]",
        "receivers[0].slack_configs[0].text is no template: can't evaluate field CommonLabel in type template.Data")]
    [InlineData("slack_configs: [ { api_url: 'http://x/', fields: [ { title: a, value: '{{ if .Status }}' } ] } ]",
        "receivers[0].slack_configs[0].fields[0].value is no template: {{if}} has no {{end}} (line 1, column 17 of the template)")]
    [InlineData("slack_configs: [ { api_url: 'http://x/', title: '{{ template \"mine\" . }}' } ]",
        "template \"mine\" is not defined: neither by Alertmanager nor in a file of templates")]
    [InlineData("opsgenie_configs: [ { api_key: k, priority: P9 } ]", "priority is 'P9'; allowed are P1, P2, P3, P4, P5")]
    [InlineData("slack_configs: [ { api_url: 'http://x/', text: '{{ nonsense }}' } ]", "nonsense")]
    [InlineData("slack_configs: [ { channel: ops } ]", "api_url is required")]
    [InlineData("pagerduty_configs: [ { service_key: x } ]", "routing_key is required: the key of an Events API v2 integration")]
    [InlineData("command_configs: [ { command: [notify] } ]", "must be the full path")]
    [InlineData("syslog_configs: [ { address: nowhere } ]", "must be HOST:PORT")]
    [InlineData("email_configs: [ { to: a@x.example, smarthost: 'h:25' } ]", "from is required")]
    [InlineData("slack_configs: [ { api_url: 'ftp://secret-part' } ]", "must be a URL")]
    [InlineData("wechat_configs: [ { to_user: x } ]", "wechat_configs is not supported; http_configs can send what it takes")]
    public void What_is_wrong_with_a_receiver_is_told_when_it_is_loaded(string receiver, string expected)
    {
        Action load = () => MetricsOptions.Parse($"receivers: [ {{ name: r, {receiver} }} ]");
        load.Should().Throw<ConfigurationException>().Which.Message.Should().Contain(expected).And.NotContain("secret-part");
    }

    [Fact]
    public void Settings_of_global_hold_for_receivers_without_their_own()
    {
        NotificationOptions options = MetricsOptions.Parse("""
            global: { resolve_timeout: 5m, smtp_smarthost: 'mx:587', smtp_from: m@x.example, smtp_auth_username: u, smtp_auth_password: p, smtp_require_tls: false, slack_api_url: 'http://slack.example/x' }
            receivers:
              - { name: r, email_configs: [ { to: a@x.example }, { to: b@x.example, smarthost: 'other:25', require_tls: true, send_resolved: false } ], slack_configs: [ {} ] }
            """).Notifications;
        var first = (EmailNotifier)options.Find(new("r", "email", 0))!.Notifier;
        (first.SmartHost, first.Port, first.From, first.Username, first.RequireTls, first.SendResolved).Should()
            .Be(("mx", 587, "m@x.example", "u", false, true));
        var second = (EmailNotifier)options.Find(new("r", "email", 1))!.Notifier;
        (second.SmartHost, second.Port, second.RequireTls, second.SendResolved).Should().Be(("other", 25, true, false));
        options.Find(new("r", "slack", 0))!.Notifier.Should().BeOfType<SlackNotifier>();
    }

    [Fact]
    public async Task A_mail_is_signed_by_DKIM()
    {
        using RSA rsa = RSA.Create(2048);
        string key = Path.GetTempFileName();
        await File.WriteAllTextAsync(key, rsa.ExportRSAPrivateKeyPem());
        var mail =
            (EmailNotifier)Read($"email_configs: [ {{ to: a@x.example, from: m@x.example, smarthost: 'h:25', dkim: {{ domain: x.example, "
                + $"selector: s1, private_key_file: '{key}' }} }} ]");
        using MimeMessage signed = mail.Compose(Message("ü", "firing"), "key", null, TimeProvider.System);
        using var written = new MemoryStream();
        await signed.WriteToAsync(written);
        written.Position = 0;
        MimeMessage read = await MimeMessage.LoadAsync(written);
        int header = read.Headers.IndexOf(HeaderId.DkimSignature);
        header.Should().BeGreaterThanOrEqualTo(0);
        var verifier = new DkimVerifier(new KeyAtHand(rsa.ExportSubjectPublicKeyInfoPem()));
        (await verifier.VerifyAsync(read, read.Headers[header])).Should().BeTrue();
        File.Delete(key);
    }

    [Fact]
    public async Task A_mail_of_a_report_is_the_report_and_what_is_set_for_alerts_does_not_change_it()
    {
        var mail =
            (EmailNotifier)Read("email_configs: [ { to: a@x.example, from: m@x.example, smarthost: '127.0.0.1:1', require_tls: false, "
                + "headers: { Subject: 'Alert!', X-Team: ops }, text: 'an alert', html: '<p>an alert</p>' } ]");
        var report = AlertMessage.Of(
            new ReportText("[REPORT] daily: ü", "12 failed.\n", "<!DOCTYPE html><p>12 failed.</p>"), "daily", "r", "http://m");
        using MimeMessage composed = mail.Compose(report, "key-1", null, TimeProvider.System);
        using var written = new MemoryStream();
        await composed.WriteToAsync(written);
        written.Position = 0;
        using MimeMessage read = await MimeMessage.LoadAsync(written);
        (read.Subject, read.TextBody?.Trim(), read.HtmlBody?.Trim()).Should()
            .Be(("[REPORT] daily: ü", "12 failed.", "<!DOCTYPE html><p>12 failed.</p>"));
        read.Headers.Contains("X-Team").Should().BeFalse();
        read.BodyParts.Select(p => p.ContentType.MimeType).Should().Equal("text/plain", "text/html");

        var pictures = new CountedPictures();
        Delivery sent = await mail.SendAsync(report, "key-1", new NotifierTools(_http, pictures, TimeProvider.System), default);
        sent.Status.Should().Be(DeliveryStatus.Retry, "there is no server");
        pictures.Asked.Should().Be(0);
    }

    [Fact]
    public async Task A_token_is_fetched_once_and_a_refusal_says_nothing_secret()
    {
        _endpoint.Answer = r => r.OutputStream.Write("""{"access_token":"tok","expires_in":3600}"""u8);
        var mail =
            (EmailNotifier)Read($"email_configs: [ {{ to: a@x.example, from: m@x.example, smarthost: 'h:25', auth_username: m, oauth2: {{ "
                + $"token_url: '{_endpoint.Url}', client_id: id, client_secret: hush, scopes: [a, b] }} }} ]");
        (await mail.OAuth2!.TokenAsync(TimeProvider.System, default), await mail.OAuth2.TokenAsync(TimeProvider.System, default)).Should()
            .Be(("tok", "tok"));
        Only().Body.Should().Be("grant_type=client_credentials&scope=a+b");
        Only().Headers["Authorization"].Should().Be("Basic aWQ6aHVzaA==", "servers must take the secret there");
        mail.ToString().Should().NotContain("hush");
    }

    private Endpoint.Request Only() => _endpoint.Requests.Should().ContainSingle().Subject;

    private Notifier Read(string receiver) =>
        MetricsOptions.Parse($"receivers: [ {{ name: r, {receiver.Replace("URL", _endpoint.Url, StringComparison.Ordinal)} }} ]")
            .Notifications.Receivers[0].Notifiers[0].Notifier;

    private Task<Delivery> SendAsync(string receiver, string host, string status = "firing", params string[] more) =>
        Read(receiver).SendAsync(Message(host, status, more), "key-1", _tools, CancellationToken.None);

    private static AlertMessage Message(string host, string status, params string[] more) => AlertMessage.Of(
        "{}:{alertname=\"Hot\"}", Labels.Of(new Label("alertname", "Hot")), [.. more.Prepend(host).Select(h => new MessageAlert
        {
            Status = status,
            Labels = new Dictionary<string, string> { ["alertname"] = "Hot", ["instance"] = h, ["severity"] = "critical" },
            Annotations = new Dictionary<string, string> { ["summary"] = $"{h} is hot" },
            StartsAt = "2026-01-01T00:00:00.000Z",
            EndsAt = AlertMessage.NoTime,
            GeneratorUrl = "http://m/alerts/1",
            Fingerprint = "f",
        })], "r", "http://m");

    private sealed class NoPictures : IAlertPictures
    {
        public Task<byte[]?> DrawAsync(AlertSource alert, long until, CancellationToken ct) => Task.FromResult<byte[]?>(null);
    }

    private sealed class CountedPictures : IAlertPictures
    {
        public int Asked { get; private set; }

        public Task<byte[]?> DrawAsync(AlertSource alert, long until, CancellationToken ct)
        {
            Asked++;
            return Task.FromResult<byte[]?>(null);
        }
    }

    private sealed class KeyAtHand(string pem) : IDkimPublicKeyLocator
    {
        public AsymmetricKeyParameter LocatePublicKey(
            string methods, string domain, string selector, CancellationToken cancellationToken = default)
        {
            using var reader = new PemReader(new StringReader(pem));
            return (AsymmetricKeyParameter)reader.ReadObject();
        }

        public Task<AsymmetricKeyParameter> LocatePublicKeyAsync(
            string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }
}
