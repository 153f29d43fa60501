using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Metrics.IntegrationTests;

/// <summary>Targets and probes as they are in the wild.</summary>
public sealed class TargetTests
{
    [Fact]
    public async Task Hostile_targets_hurt_no_other()
    {
        using var good = new RawServer(s => SendPageAsync(s, "good_metric 1\n"));
        using var garbage = new RawServer(s => SendPageAsync(s, "\0\u0001 this {is not} a page\n"));
        using var endless = new RawServer(stream => SendForeverAsync(stream, "a{n=\"1\"} 1\n", TimeSpan.FromMilliseconds(200)));
        using var huge =
            new RawServer(stream => SendForeverAsync(stream, string.Concat(Enumerable.Repeat("huge_metric 1\n", 5000)), TimeSpan.Zero));
        using var silent = new RawServer(_ => Task.Delay(TimeSpan.FromMinutes(5), TimeProvider.System));
        string files = Directory.CreateTempSubdirectory("sd").FullName;
        await File.WriteAllTextAsync(
            Path.Combine(files, "t.json"), $"[ {{ \"targets\": [ \"127.0.0.1:{good.Port}\" ], \"labels\": {{ \"rack\": \"r1\" }} }} ]");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            scrape_configs:
              - { job_name: good, scrape_interval: 500ms, file_sd_configs: [ { files: ['{{files}}/*.json'] } ] }
              - { job_name: bad, scrape_interval: 500ms, body_size_limit: 10MB, static_configs: [ { targets: ['127.0.0.1:{{garbage.Port}}', '127.0.0.1:{{endless.Port}}', '127.0.0.1:{{huge.Port}}', '127.0.0.1:{{silent.Port}}', '127.0.0.1:1'] } ] }
            """);
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("up{job=\"bad\"}")).Count(l => l.Contains("} 0 ", StringComparison.Ordinal)) == 5,
                "all bad targets are down");
        int asked = good.Served;
        await Eventually.Async(() => Task.FromResult(good.Served > asked + 5), "the good one goes on being scraped");
        (await daemon.FederateAsync("good_metric")).Should().ContainSingle().Which.Should().Contain("rack=\"r1\"");
        (await daemon.FederateAsync("{__name__=~\"a|huge_metric\"}")).Should().BeEmpty("nothing of a failed scrape is kept");
        // On a busy machine a target that is too large may first be too slow.
        string[] reasons = ["body_size_limit", "no complete answer within", "Connection refused"];
        await Eventually.Async(
            async () => await daemon.GetAsync("/") is var page && reasons.All(r => page.Contains(r, StringComparison.Ordinal)),
            "the page says why each is down");

        await File.WriteAllTextAsync(
            Path.Combine(files, "t.json"), $"[ {{ \"targets\": [ \"127.0.0.1:{good.Port}\" ], \"labels\": {{ \"rack\": \"moved\" }} }} ]");
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("good_metric")).Any(l => l.Contains("rack=\"moved\"", StringComparison.Ordinal)),
                "a changed file of targets is followed");
        (await daemon.FederateAsync("good_metric")).Should()
            .NotContain(l => l.Contains("rack=\"r1\"", StringComparison.Ordinal), "the series of what went have ended");
    }

    [Fact]
    public async Task Probes_say_what_blackbox_exporter_says()
    {
        string folder = Directory.CreateTempSubdirectory("probe").FullName;
        (int made, string said) =
            await Component.RunAsync("openssl", "", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", $"{folder}/k.pem", "-out",
                $"{folder}/c.pem", "-days", "3", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1");
        made.Should().Be(0, said);
        int tls = Daemon.FreePort(), blackbox = Daemon.FreePort();
        using Component server = Component.Start(
            folder, "openssl", "s_server", "-accept", $"127.0.0.1:{tls}", "-key", "k.pem", "-cert", "c.pem", "-www", "-quiet");
        using var web = new RawServer(s => SendPageAsync(s, "all is well\n"));
        await File.WriteAllTextAsync(Path.Combine(folder, "bb.yml"), $$"""
            modules:
              http: { prober: http, timeout: 2s, http: { preferred_ip_protocol: ip4 } }
              https: { prober: http, timeout: 2s, http: { preferred_ip_protocol: ip4, tls_config: { ca_file: {{folder}}/c.pem } } }
              tcp: { prober: tcp, timeout: 2s }
              icmp: { prober: icmp, timeout: 2s, icmp: { preferred_ip_protocol: ip4 } }
            """);
        using Component peer =
            Component.Start(folder, "prometheus-blackbox-exporter", "--config.file=bb.yml", $"--web.listen-address=127.0.0.1:{blackbox}");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            probes:
              - { job_name: http, interval: 1s, targets: ['http://127.0.0.1:{{web.Port}}/'] }
              - { job_name: https, interval: 1s, targets: ['https://127.0.0.1:{{tls}}/'], tls_config: { ca_file: '{{folder}}/c.pem' } }
              - { job_name: untrusted, interval: 1s, targets: ['https://127.0.0.1:{{tls}}/'] }
              - { job_name: body, interval: 1s, targets: ['http://127.0.0.1:{{web.Port}}/'], http: { fail_if_body_not_matches_regexp: 'on fire' } }
              - { job_name: tcp, prober: tcp, interval: 1s, targets: ['127.0.0.1:{{web.Port}}'] }
              - { job_name: closed, prober: tcp, interval: 1s, targets: ['127.0.0.1:1'] }
              - { job_name: tls, prober: tls, interval: 1s, targets: ['127.0.0.1:{{tls}}'], tls_config: { ca_file: '{{folder}}/c.pem' } }
              - { job_name: icmp, prober: icmp, interval: 1s, targets: ['127.0.0.1'] }
            """);
        var expected =
            new Dictionary<string, int> { ["http"] = 1, ["https"] = 1, ["untrusted"] = 0, ["body"] = 0, ["tcp"] = 1, ["closed"] = 0,
                ["tls"] = 1, ["icmp"] = 1 };
        await Eventually.Async(async () => (await daemon.FederateAsync("probe_success")).Count == expected.Count, "every probe has run");
        foreach ((string job, int success) in expected)
            (await daemon.FederateAsync($"probe_success{{job=\"{job}\"}}")).Should().ContainSingle().Which.Should()
                .Contain($"}} {success} ", job);

        foreach ((
            string module, string target) in new[] { ("http", $"http://127.0.0.1:{web.Port}/"), ("https", $"https://127.0.0.1:{tls}/"),
            ("tcp", $"127.0.0.1:{web.Port}"), ("icmp", "127.0.0.1") })
        {
            string theirs = "";
            await Eventually.Async(
                async () =>
                {
                    theirs = await daemon.Http.GetStringAsync(
                        $"http://127.0.0.1:{blackbox}/probe?module={module}&target={Uri.EscapeDataString(target)}");
                    return theirs.Contains("probe_success 1", StringComparison.Ordinal);
                },
                $"blackbox_exporter probes {module}");
            List<string> ours = await daemon.FederateAsync($"{{__name__=~\"probe_.*\",job=\"{module}\"}}");
            string[] names =
                [.. Regex.Matches(theirs, "^(probe_\\w+)", RegexOptions.Multiline).Select(m => m.Value).Distinct()
                    .Where(n => n is not "probe_failed_due_to_regex")];
            names.Except(ours.Select(l => Regex.Match(l, "^\\w+").Value)).Should().BeEmpty($"{module}: every metric of blackbox_exporter");
            foreach (string metric in new[] { "probe_http_status_code", "probe_http_ssl", "probe_ip_protocol",
                "probe_ssl_earliest_cert_expiry", "probe_http_redirects", "probe_http_version", "probe_ip_addr_hash" }.Intersect(names))
                Number(ours.Single(l => l.StartsWith(metric + "{", StringComparison.Ordinal)), 2).Should()
                    .Be(Number(theirs.Split('\n').Single(l => l.StartsWith(metric + " ", StringComparison.Ordinal)), 1),
                    $"{module} {metric}");
        }
    }

    [Fact]
    public async Task Answers_are_judged_as_blackbox_exporter_judges_them()
    {
        string[] checks =
        [
            "fail_if_body_matches_regexp: ['^first']", "fail_if_body_matches_regexp: ['^second']", "fail_if_body_matches_regexp: ['(?m)^second$']",
            "fail_if_body_matches_regexp: ['first$']", "fail_if_body_matches_regexp: ['second$']", "fail_if_body_matches_regexp: ['first.second']",
            "fail_if_body_matches_regexp: ['(?s)first.second']", "fail_if_body_not_matches_regexp: ['(?i)FIRST', '[a-z]+']",
            "fail_if_body_not_matches_regexp: ['[[:digit:]]']", "fail_if_body_not_matches_regexp: ['first', 'third']",
            "fail_if_header_matches: [ { header: X-Kind, regexp: good } ]", "fail_if_header_matches: [ { header: x-kind, regexp: '^or' } ]",
            "fail_if_header_matches: [ { header: X-None, regexp: a } ]",
            "fail_if_header_matches: [ { header: X-None, regexp: a, allow_missing: true } ]",
            "fail_if_header_not_matches: [ { header: X-Kind, regexp: 'good' } ]", "fail_if_header_not_matches: [ { header: X-Kind, regexp: bad } ]",
            "fail_if_header_not_matches: [ { header: X-None, regexp: a } ]",
            "fail_if_header_not_matches: [ { header: X-None, regexp: a, allow_missing: true } ]",
            "valid_http_versions: ['HTTP/1.1']", "valid_http_versions: ['HTTP/2.0']", "valid_status_codes: [204]", "fail_if_ssl: true",
            "fail_if_not_ssl: true", "compression: gzip", "body_size_limit: 5B", "method: HEAD", "method: POST, body: x",
        ];
        string folder = Directory.CreateTempSubdirectory("probe").FullName;
        const string Page = "first\nsecond";
        using var web = new RawServer(s => s.WriteAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 200 OK\r\nX-Kind: good or so\r\nContent-Length: {Page.Length}\r\nConnection: close\r\n\r\n{Page}")).AsTask());
        int blackbox = Daemon.FreePort();
        string modules = string.Join('\n', checks.Select((c, i) =>
            $"  m{i}: {{ prober: http, timeout: 5s, http: {{ preferred_ip_protocol: ip4, {c} }} }}"));
        await File.WriteAllTextAsync(Path.Combine(folder, "bb.yml"), $"modules:\n{modules}\n");
        using Component peer =
            Component.Start(folder, "prometheus-blackbox-exporter", "--config.file=bb.yml", $"--web.listen-address=127.0.0.1:{blackbox}");
        string probes = string.Join('\n', checks.Select((c, i) =>
            $"  - {{ job_name: m{i}, interval: 1s, targets: ['http://127.0.0.1:{web.Port}/'], http: {{ {c} }} }}"));
        await using Daemon daemon = await Daemon.StartAsync($"host: {{ enabled: false }}\nprobes:\n{probes}\n");
        await Eventually.Async(async () => (await daemon.FederateAsync("probe_success")).Count == checks.Length, "every probe has run");
        var differs = new List<string>();
        for (int i = 0; i < checks.Length; i++)
        {
            string theirs = "";
            await Eventually.Async(async () => (theirs = await daemon.Http.GetStringAsync(
                $"http://127.0.0.1:{blackbox}/probe?module=m{i}&target=http://127.0.0.1:{web.Port}/")).Length > 0, "it answers");
            foreach (string metric in new[] { "probe_success", "probe_failed_due_to_regex", "probe_http_uncompressed_body_length" })
            {
                string? line = theirs.Split('\n').FirstOrDefault(l => l.StartsWith(metric + " ", StringComparison.Ordinal));
                List<string> ours = await daemon.FederateAsync($"{metric}{{job=\"m{i}\"}}");
                // A body that was not read to its end has another length each time.
                bool isCut = checks[i].Contains("limit", StringComparison.Ordinal) && metric.EndsWith("length", StringComparison.Ordinal);
                // We say nothing of expressions where none is asked for; they say that none has failed.
                bool isSame = ours.Count == 1 ? line is not null && Number(ours[0], 2) == Number(line, 1)
                    : line is null || Number(line, 1) == 0;
                if (line is not null && !isCut && !isSame)
                    differs.Add($"{checks[i]}: {line}, ours {string.Join(' ', ours)}");
            }
        }
        differs.Should().BeEmpty();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_conversation_and_a_DNS_answer_are_judged()
    {
        using var pong = new RawServer(s => s.WriteAsync("PONG 7\r\n"u8.ToArray()).AsTask());
        using var dns = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var stop = new CancellationTokenSource();
        Task serving = ServeDnsAsync(dns, stop.Token);
        int port = ((IPEndPoint)dns.Client.LocalEndPoint!).Port;
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            probes:
              - { job_name: talk, prober: tcp, interval: 1s, targets: ['127.0.0.1:{{pong.Port}}'], tcp: { query_response: [ { send: PING }, { expect: '^PONG \d$' } ] } }
              - { job_name: mute, prober: tcp, interval: 1s, targets: ['127.0.0.1:{{pong.Port}}'], tcp: { query_response: [ { send: PING }, { expect: '^PANG' } ] } }
              - { job_name: dns, prober: dns, interval: 1s, targets: ['127.0.0.1:{{port}}'], dns: { query_name: example.org, fail_if_not_matches_regexp: '192\.0\.2\.1' } }
              - { job_name: rcode, prober: dns, interval: 1s, targets: ['127.0.0.1:{{port}}'], dns: { query_name: example.org, valid_rcodes: [NXDOMAIN] } }
            """);
        var expected = new Dictionary<string, int> { ["talk"] = 1, ["mute"] = 0, ["dns"] = 1, ["rcode"] = 0 };
        await Eventually.Async(async () => (await daemon.FederateAsync("probe_success")).Count == expected.Count, "every probe has run");
        foreach ((string job, int success) in expected)
            (await daemon.FederateAsync($"probe_success{{job=\"{job}\"}}")).Should().ContainSingle().Which.Should()
                .Contain($"}} {success} ", job);
        (await daemon.FederateAsync("probe_failed_due_to_regex{job=\"mute\"}")).Should().ContainSingle().Which.Should().Contain("} 1 ");
        (await daemon.FederateAsync("probe_dns_answer_rrs{job=\"dns\"}")).Should().ContainSingle().Which.Should().Contain("} 1 ");
        await stop.CancelAsync();
        await serving;
    }

    /// <summary>Answers every question with the address 192.0.2.1 (RFC 1035, section 4).</summary>
    private static async Task ServeDnsAsync(UdpClient dns, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                UdpReceiveResult question = await dns.ReceiveAsync(ct);
                // The question ends behind its name (a zero byte), type and class; additional records are not repeated.
                int end = Array.IndexOf(question.Buffer, (byte)0, 12) + 5;
                byte[] answer =
                    [.. question.Buffer[..2], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, .. question.Buffer[12..end], 0xc0, 12, 0, 1, 0, 1, 0, 0,
                        0, 60, 0, 4, 192, 0, 2, 1];
                await dns.SendAsync(answer, question.RemoteEndPoint, ct);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static double Number(string line, int fromEnd) => double.Parse(line.Split(' ')[^fromEnd], CultureInfo.InvariantCulture);

    private static async Task SendPageAsync(Stream stream, string page)
    {
        byte[] body = Encoding.UTF8.GetBytes(page);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: "
                + $"{body.Length}\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(body);
    }

    private static async Task SendForeverAsync(Stream stream, string part, TimeSpan pause)
    {
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"u8.ToArray());
        byte[] bytes = Encoding.UTF8.GetBytes(part);
        while (true)
        {
            await stream.WriteAsync(bytes);
            await stream.FlushAsync();
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, TimeProvider.System);
        }
    }

    /// <summary>A server that does what a test wants with the bytes of its answer.</summary>
    private sealed class RawServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Func<Stream, Task> _answer;

        public RawServer(Func<Stream, Task> answer)
        {
            _answer = answer;
            _listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public volatile int Served;

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync()
        {
            while (true)
            {
                TcpClient client;
                try
                {
                    client = await _listener.AcceptTcpClientAsync();
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    return;
                }
                _ = Task.Run(() => AnswerAsync(client));
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using (client)
            {
                try
                {
                    NetworkStream stream = client.GetStream();
                    byte[] request = new byte[4096];
                    if (await stream.ReadAsync(request) == 0)
                        return;
                    Served++;
                    await _answer(stream);
                }
                catch (IOException)
                {
                    // The daemon has had enough.
                }
            }
        }
    }
}
