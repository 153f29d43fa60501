using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.Probes;

namespace Metrics.Tests.Pollers.Probes;

/// <summary>What a probe asks, and what its metrics say, where blackbox_exporter does it so.</summary>
public sealed class ProbeTests
{
    private const string Credentials = "Basic a2ltOnMvdyE=";

    [Fact]
    public async Task A_cookie_of_a_site_goes_along_to_where_it_redirects()
    {
        using var site = new LocalServer(context =>
        {
            if (context.Request.Cookies["seen"]?.Value == "1")
                return Task.CompletedTask;
            context.Response.AddHeader("Set-Cookie", "seen=1; Path=/");
            context.Response.Redirect(context.Request.Url!.AbsoluteUri);
            return Task.CompletedTask;
        });
        (await ProbeAsync($"prober: http, targets: ['{site.Url}']"))["probe_success"].Should().Be(1);
    }

    [Theory]
    [InlineData(301, "GET ")]
    [InlineData(302, "GET ")]
    [InlineData(303, "GET ")]
    [InlineData(307, "POST a=1")]
    [InlineData(308, "POST a=1")]
    public async Task A_form_that_redirects_is_left_by_GET_unless_the_answer_says_to_send_it_again(int status, string expected)
    {
        string asked = "";
        string? type = null;
        using var site = new LocalServer(async context =>
        {
            if (context.Request.Url!.AbsolutePath == "/form")
            {
                context.Response.StatusCode = status;
                context.Response.AddHeader("Location", "/done");
                return;
            }
            asked = $"{context.Request.HttpMethod} {await LocalServer.ReadAsync(context)}";
            type = context.Request.ContentType;
        });
        string http = "http: { method: POST, body: 'a=1', headers: { Content-Type: application/x-www-form-urlencoded } }";
        (await ProbeAsync($"prober: http, targets: ['{site.Url}form'], {http}"))["probe_success"].Should().Be(1);
        asked.Should().Be(expected);
        type.Should().BeOneOf([null, "application/x-www-form-urlencoded"], "it is said once");
    }

    [Theory]
    [InlineData("headers: { Authorization: 'Token 1234', Host: first.example, X-Own: yes }", "Token 1234")]
    [InlineData("username: kim, password: 's/w!', headers: { Host: first.example, X-Own: yes }", Credentials)]
    [InlineData("bearer_token: abc, headers: { Host: first.example, X-Own: yes }", "Bearer abc")]
    public async Task Another_host_sees_neither_our_secrets_nor_the_name_of_the_first(string http, string first)
    {
        List<string> seen = [];
        int port = LocalServer.FreePort();
        // 127.0.0.1 and localhost are two hosts.
        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://*:{port}/");
        listener.Start();
        Task serving = Task.Run(async () =>
        {
            for (int n = 0; n < 3; n++)
            {
                HttpListenerContext context = await listener.GetContextAsync();
                HttpListenerRequest request = context.Request;
                seen.Add($"{request.UserHostName} {request.Headers["Authorization"]} {request.Headers["X-Own"]}".Replace($":{port}", ""));
                if (n < 2)
                    context.Response.Redirect(n == 0 ? "/next" : $"http://localhost:{port}/");
                context.Response.Close();
            }
        });
        (await ProbeAsync($"prober: http, ip_protocol: ip4, targets: ['http://127.0.0.1:{port}/'], http: {{ {http} }}"))["probe_success"]
            .Should().Be(1);
        await serving;
        seen.Should().Equal($"first.example {first} yes", $"first.example {first} yes", "localhost  yes");
    }

    [Theory]
    [InlineData("fail_if_header_matches: [ { header: X-Kind, regexp: '^good' } ]", 0, 1)]
    [InlineData("fail_if_header_matches: [ { header: X-Kind, regexp: '^bad' } ]", 1, 0)]
    [InlineData("fail_if_header_matches: [ { header: X-None, regexp: a } ]", 0, 1)]
    [InlineData("fail_if_header_matches: [ { header: X-None, regexp: a, allow_missing: true } ]", 1, 0)]
    [InlineData("fail_if_header_not_matches: [ { header: x-kind, regexp: 'good' } ]", 1, 0)]
    [InlineData("fail_if_header_not_matches: [ { header: X-Kind, regexp: 'bad' } ]", 0, 1)]
    [InlineData("fail_if_header_not_matches: [ { header: X-None, regexp: a } ]", 0, 1)]
    [InlineData("fail_if_header_not_matches: [ { header: X-None, regexp: a, allow_missing: true } ]", 1, 0)]
    [InlineData("fail_if_body_matches_regexp: ['^second']", 1, 0)]
    [InlineData("fail_if_body_matches_regexp: ['(?m)^second']", 0, 1)]
    [InlineData("fail_if_body_not_matches_regexp: ['first.second']", 0, 1)]
    [InlineData("fail_if_body_not_matches_regexp: ['(?s)first.second']", 1, 0)]
    [InlineData("valid_http_versions: [HTTP/1.1]", 1, null)]
    [InlineData("valid_http_versions: [HTTP/2.0]", 0, null)]
    [InlineData("compression: gzip", 1, null)]
    [InlineData("compression: br", 0, null)]
    public async Task An_answer_is_judged_as_blackbox_exporter_does(string http, int success, int? regex)
    {
        string? asked = null;
        using var site = new LocalServer(async context =>
        {
            asked = context.Request.Headers["Accept-Encoding"];
            context.Response.AddHeader("X-Kind", "good or so");
            byte[] body = "first\nsecond"u8.ToArray();
            if (asked == "gzip")
            {
                context.Response.AddHeader("Content-Encoding", "gzip");
                await using var packed = new System.IO.Compression.GZipStream(
                    context.Response.OutputStream, System.IO.Compression.CompressionLevel.Fastest);
                await packed.WriteAsync(body);
                return;
            }
            await context.Response.OutputStream.WriteAsync(body);
        });
        Dictionary<string, double> samples = await ProbeAsync($"prober: http, targets: ['{site.Url}'], http: {{ {http} }}");
        samples["probe_success"].Should().Be(success);
        (samples.TryGetValue("probe_failed_due_to_regex", out double failed) ? (int?)failed : null).Should().Be(regex);
        asked.Should().Be(http.StartsWith("compression", StringComparison.Ordinal) ? http.Split(' ')[1] : "identity");
        if (http == "compression: gzip")
            samples["probe_http_uncompressed_body_length"].Should().Be(12);
    }

    [Fact]
    public async Task A_body_can_stand_in_a_file_and_who_we_are_can_be_said_in_each_way()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from a file", TestContext.Current.CancellationToken);
        List<string> seen = [];
        using var site = new LocalServer(async context =>
        {
            System.Collections.Specialized.NameValueCollection headers = context.Request.Headers;
            seen.Add($"{headers["Authorization"]} {headers["X-Org"]} {await LocalServer.ReadAsync(context)}");
        });
        foreach (string http in (string[])
            [
                $"method: POST, body_file: '{file}'", "basic_auth: { username: u, password: p }",
                "authorization: { type: Token, credentials: t }",
                "http_headers: { X-Org: { secrets: [s] } }",
            ])
            (await ProbeAsync($"prober: http, targets: ['{site.Url}'], http: {{ {http} }}"))["probe_success"].Should().Be(1, http);
        seen.Should().Equal("  from a file", "Basic dTpw  ", "Token t  ", " s ");
        File.Delete(file);
    }

    [Theory]
    [InlineData("http://example.org/ http://a.example.org/ http://b.example.org/", "yes yes yes")]
    [InlineData("http://a.example.org/ http://example.org/ http://a.example.org/", "yes no no")]
    [InlineData("http://example.org/ http://example.com/ http://example.org/", "yes no no")]
    [InlineData("http://example.org/ https://example.org:8443/ http://notexample.org/", "yes yes no")]
    public void Secrets_go_along_as_far_as_the_first_host_and_its_domain_reach(string addresses, string secrets)
    {
        string[] urls = addresses.Split(' ');
        List<HttpHop> hops = [HttpHop.First(new Uri(urls[0]), "GET")];
        foreach (string url in urls[1..])
        {
            using var answer = new HttpResponseMessage(HttpStatusCode.Found);
            answer.Headers.Location = new Uri(url);
            hops.Add(hops[^1].After(answer)!);
        }
        hops.Select(h => h.HasSecrets && h.Takes("Authorization") ? "yes" : "no").Should().Equal(secrets.Split(' '));
    }

    [Fact]
    public void What_is_wrong_with_a_target_is_said_without_its_password()
    {
        Action read = () => MetricsOptions.Parse("probes: [ { job_name: a, prober: http, targets: ['ftp://kim:s3cret@host/x'] } ]");
        read.Should().Throw<Exception>().Which.Message.Should().Contain("'ftp://host/x'").And.NotContain("s3cret");
    }

    [Fact]
    public void Groups_of_targets_have_labels_of_their_own()
    {
        const string Job = """
            probes:
              - job_name: web
                labels: { team: ops, site: fra }
                targets: ['http://a/']
                static_configs: [ { targets: ['http://b/', 'http://c/'], labels: { team: shop } } ]
            """;
        new ProbeSource(TimeProvider.System).Discover(MetricsOptions.Parse(Job).Targets)
            .Select(t => $"{t.Instance} {t.Identity.Series.Labels["team"]} {t.Identity.Series.Labels["site"]}")
            .Should().Equal("http://a/ ops fra", "http://b/ shop fra", "http://c/ shop fra");
    }

    [Fact]
    public async Task User_and_password_of_an_address_are_sent_and_shown_nowhere()
    {
        List<string?> seen = [];
        using var site = new LocalServer(context =>
        {
            seen.Add(context.Request.Headers["Authorization"]);
            return Task.CompletedTask;
        });
        string plain = site.Url + "ui", target = plain.Replace("http://", "http://kim:s%2Fw%21@", StringComparison.Ordinal);
        ProbeJob job = Read($"prober: http, targets: ['{target}']");
        TargetDeclaration declared = new ProbeSource(TimeProvider.System).Discover(MetricsOptions.Parse(
            $"probes: [ {{ job_name: a, prober: http, targets: ['{target}'] }} ]").Targets).Single();
        declared.Instance.Should().Be(plain);
        (await ProbeAsync(job))["probe_success"].Should().Be(1);
        seen.Should().Equal(Credentials);
        new ProbePoller(job, target, TimeProvider.System).ToString().Should().Be(plain);
    }

    [Theory]
    [InlineData("node.internal.example", 1)]
    [InlineData("localhost", 1)]
    [InlineData("other.example", 0)]
    public async Task A_certificate_must_bear_the_name_that_is_asked_for(string name, int success)
    {
        using var certificates = new Certificates();
        certificates.Issue("site", "CN=site", name == "localhost" ? "localhost" : "node.internal.example");
        using var site = new TlsSite(certificates);
        string tls = $"tls_config: {{ ca_file: '{certificates.CaFile}', server_name: {name} }}";
        foreach (string prober in (string[])["http", "tls"])
        {
            string target = prober == "http" ? $"https://127.0.0.1:{site.Port}/" : $"127.0.0.1:{site.Port}";
            Dictionary<string, double> samples = await ProbeAsync($"prober: {prober}, targets: ['{target}'], {tls}");
            samples["probe_success"].Should().Be(success, prober);
            samples.ContainsKey("probe_ssl_last_chain_expiry_timestamp_seconds").Should().Be(success == 1, prober);
        }
    }

    [Fact]
    public async Task A_certificate_of_nobody_is_not_taken_for_its_name()
    {
        using var certificates = new Certificates();
        using var others = new Certificates();
        certificates.Issue("site", "CN=site", "node.internal.example");
        using var site = new TlsSite(certificates);
        string tls = $"tls_config: {{ ca_file: '{others.CaFile}', server_name: node.internal.example }}";
        (await ProbeAsync($"prober: http, targets: ['https://127.0.0.1:{site.Port}/'], {tls}"))["probe_success"].Should().Be(0);
    }

    [Theory]
    [InlineData("10.0.0.7", "fail_if_not_matches_regexp: ['10[.]0[.]0[.]7']", 1)]
    [InlineData("10.0.0.7 10.0.0.8", "fail_if_not_matches_regexp: ['10[.]0[.]0[.]7']", 0)]
    [InlineData("", "fail_if_not_matches_regexp: ['10[.]0[.]0[.]7']", 0)]
    [InlineData("10.0.0.7 10.0.0.8", "fail_if_none_matches_regexp: ['10[.]0[.]0[.]7']", 1)]
    [InlineData("10.0.0.8", "fail_if_none_matches_regexp: ['10[.]0[.]0[.]7']", 0)]
    [InlineData("10.0.0.7", "fail_if_none_matches_regexp: ['10[.]0[.]0[.]9', '10[.]0[.]0[.]7']", 1)]
    [InlineData("10.0.0.8", "fail_if_none_matches_regexp: ['10[.]0[.]0[.]9', '10[.]0[.]0[.]7']", 0)]
    [InlineData("", "fail_if_none_matches_regexp: ['10[.]0[.]0[.]7']", 0)]
    [InlineData("10.0.0.8", "query_type: A", 1)]
    [InlineData("10.0.0.7", "validate_answer_rrs: { fail_if_matches_regexp: ['10[.]0[.]0[.]7$'] }", 0)]
    [InlineData("10.0.0.7", "validate_answer_rrs: { fail_if_not_matches_regexp: ['www.example.\\t60\\tIN\\tA\\t10.0.0.7'] }", 1)]
    [InlineData("10.0.0.7 10.0.0.8", "validate_answer_rrs: { fail_if_all_match_regexp: ['10[.]0[.]0[.]'] }", 1)]
    [InlineData("10.0.0.7 10.0.0.8", "validate_answer_rrs: { fail_if_all_match_regexp: ['10[.]0[.]0[.]7'] }", 0)]
    [InlineData("", "validate_answer_rrs: { fail_if_all_match_regexp: ['a'] }", 1)]
    [InlineData("10.0.0.7", "validate_authority_rrs: { fail_if_not_matches_regexp: ['a'] }", 0)]
    [InlineData("10.0.0.7", "validate_additional_rrs: { fail_if_matches_regexp: ['a'] }", 1)]
    public async Task Every_answer_of_a_resolver_must_match_or_any_as_it_is_asked_for(string addresses, string dns, int success)
    {
        using var resolver = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        Task serving = AnswerAsync(resolver, addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Dictionary<string, double> samples = await ProbeAsync(
            $"prober: dns, targets: ['{resolver.Client.LocalEndPoint}'], dns: {{ query_name: www.example, {dns} }}");
        await serving;
        samples["probe_success"].Should().Be(success);
        samples["probe_dns_query_succeeded"].Should().Be(1, "it has answered");
    }

    [Fact]
    public async Task A_resolver_that_does_not_answer_has_not_succeeded()
    {
        using var mute = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        Dictionary<string, double> samples = await ProbeAsync(
            $"prober: dns, timeout: 200ms, targets: ['{mute.Client.LocalEndPoint}'], dns: {{ query_name: www.example }}");
        (samples["probe_success"], samples["probe_dns_query_succeeded"]).Should().Be((0, 0));
    }

    [Theory]
    [InlineData("220 hello", "250 well", 1, 0)]
    [InlineData("220 hello", "554 no", 0, 1)]
    [InlineData("421 no", "", 0, 1)]
    public async Task A_conversation_that_goes_wrong_at_whatever_step_has_failed_by_its_expression(
        string first, string second, int success, int failed)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        Task serving = Task.Run(async () =>
        {
            using TcpClient client = await server.AcceptTcpClientAsync();
            using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true };
            using var reader = new StreamReader(client.GetStream());
            await writer.WriteLineAsync(first);
            if (second.Length > 0 && await reader.ReadLineAsync() is not null)
                await writer.WriteLineAsync(second);
        });
        const string Steps = "[ { expect: '^220 ', send: 'HELO x' }, { expect: '^250 ' } ]";
        Dictionary<string, double> samples = await ProbeAsync(
            $"prober: tcp, targets: ['{server.LocalEndpoint}'], tcp: {{ query_response: {Steps} }}");
        await serving;
        (samples["probe_success"], samples["probe_failed_due_to_regex"]).Should().Be((success, failed));
    }

    [Theory]
    [InlineData("{}", 1)]
    [InlineData("{ payload_size: 1, ttl: 1 }", 1)]
    [InlineData("{ payload_size: 9001, ttl: 9 }", 1)]
    [InlineData("{ payload_size: 65507 }", 1)]
    public async Task An_echo_carries_what_it_is_told_to(string icmp, int success) =>
        (await ProbeAsync($"prober: icmp, targets: ['127.0.0.1'], icmp: {icmp}"))["probe_success"].Should().Be(success);

    private static ProbeJob Read(string keys) =>
        MetricsOptions.Parse($"probes: [ {{ job_name: a, {keys} }} ]").Targets.OfType<ProbeJob>().Single();

    private static Task<Dictionary<string, double>> ProbeAsync(string keys) => ProbeAsync(Read(keys));

    /// <summary>What a probe says, by metric; none may be said twice.</summary>
    private static async Task<Dictionary<string, double>> ProbeAsync(ProbeJob job)
    {
        using var batch = new SampleBatch("test");
        var series = new TargetSeries([]);
        await new ProbePoller(job, job.Targets[0].Target, TimeProvider.System).PollAsync(new SampleSink(series, batch, 0), default);
        Dictionary<Labels, double> all = [];
        for (int row = 0; row < batch.Count; row++)
            all.Add(batch.Series[row], batch.Values[row]);
        return all.GroupBy(s => s.Key[Labels.MetricName]).ToDictionary(s => s.Key, s => s.First().Value);
    }

    /// <summary>Answers one question with addresses.</summary>
    private static async Task AnswerAsync(UdpClient resolver, string[] addresses)
    {
        UdpReceiveResult question = await resolver.ReceiveAsync();
        int end = Array.IndexOf(question.Buffer, (byte)0, 12) + 5;
        List<byte> answer = [.. question.Buffer[..2], 0x81, 0x80, 0, 1, 0, (byte)addresses.Length, 0, 0, 0, 0, .. question.Buffer[12..end]];
        foreach (string address in addresses)
            answer.AddRange([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, .. IPAddress.Parse(address).GetAddressBytes()]);
        await resolver.SendAsync(answer.ToArray(), question.RemoteEndPoint);
    }

    /// <summary>A site that answers over TLS with the certificate <c>site</c>.</summary>
    private sealed class TlsSite : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 _certificate;

        public TlsSite(Certificates certificates)
        {
            string file = Path.Combine(certificates.Folder, "site");
            _certificate = X509Certificate2.CreateFromPemFile(file + ".pem", file + ".key");
            _listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose()
        {
            _listener.Dispose();
            _certificate.Dispose();
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                try
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync();
                    await using var tls = new SslStream(client.GetStream());
                    await tls.AuthenticateAsServerAsync(_certificate);
                    byte[] request = new byte[4096];
                    if (await tls.ReadAsync(request) > 0)
                        await tls.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // Who asks does not like the certificate.
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    return;
                }
            }
        }
    }
}
