using System.Globalization;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Syslog as rsyslogd and logger really send it, by every way in.</summary>
public sealed class SyslogTests
{
    private const string Template = "Template=\"RSYSLOG_SyslogProtocol23Format\"";
    private const string Retry =
        "action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\" queue.type=\"LinkedList\" queue.size=\"200000\"";

    [Fact]
    public async Task Logger_is_heard_over_UDP_and_TCP_in_both_forms_and_framings()
    {
        Component.Need("logger");
        (int udp, int tcp) = (Daemon.FreePort(), Daemon.FreePort());
        await using Daemon daemon = await StartAsync($"udp://127.0.0.1:{udp}", $"tcp://127.0.0.1:{tcp}");
        string[][] ways =
        [
            ["-d", "-P", $"{udp}", "--rfc3164"], ["-d", "-P", $"{udp}", "--rfc5424"],
            ["-T", "-P", $"{tcp}", "--rfc3164"], ["-T", "-P", $"{tcp}", "--rfc5424", "--octet-count"],
        ];
        for (int i = 0; i < ways.Length; i++)
        {
            (int code, string said) = await Component.RunAsync(
                "logger", "", ["-n", "127.0.0.1", "-p", "local3.warning", "-t", "check", "--id=4711", .. ways[i], $"way {i}: grüße"]);
            code.Should().Be(0, said);
        }
        List<JsonElement> events = await UntilAsync(daemon, "{service=\"check\"}", 4);
        events.Select(e => Text(e, "body")).Should().BeEquivalentTo("way 0: grüße", "way 1: grüße", "way 2: grüße", "way 3: grüße");
        foreach (JsonElement one in events)
        {
            Text(one, "kind").Should().Be("log");
            one.GetProperty("severity_number").GetInt32().Should().Be(13);
            Text(one, "log.level").Should().Be("warning");
            Text(one, "log.syslog.facility.name").Should().Be("local3");
            Text(one, "process.pid").Should().Be("4711");
            Text(one, "host.name").Should().Be(Environment.MachineName);
            Text(one, "observer.ip").Should().Be("127.0.0.1");
            (DateTimeOffset.Parse(Text(one, "observed_time"), CultureInfo.InvariantCulture)
                - DateTimeOffset.Parse(Text(one, "time"), CultureInfo.InvariantCulture)).Duration().Should()
                    .BeLessThan(TimeSpan.FromMinutes(1));
        }
        Text(events.Single(e => Text(e, "body").StartsWith("way 1", StringComparison.Ordinal)),
            "log.syslog.structured_data.timeQuality.tzKnown").Should().Be("1");
    }

    [Theory]
    [InlineData("traditional", "RSYSLOG_SyslogProtocol23Format")]
    [InlineData("octet-counted", "RSYSLOG_SyslogProtocol23Format")]
    [InlineData("octet-counted", "RSYSLOG_ForwardFormat")]
    [InlineData("traditional", "RSYSLOG_TraditionalForwardFormat")]
    public async Task Rsyslog_is_heard_over_TCP(string framing, string template)
    {
        int port = Daemon.FreePort();
        await using Daemon daemon = await StartAsync($"tcp://127.0.0.1:{port}");
        using Rsyslogd rsyslog = await Rsyslogd.StartAsync(
            $"action(type=\"omfwd\" Target=\"127.0.0.1\" Port=\"{port}\" Protocol=\"tcp\" TCP_Framing=\"{framing}\" "
                + $"Template=\"{template}\" {Retry})");
        await rsyslog.WriteAsync(Numbers(0, 2000));
        List<JsonElement> events = await UntilAsync(daemon, "{service=\"numbers\"}", 2000);
        Distinct(events).Should().Equal(Enumerable.Range(0, 2000));
        events.Should().OnlyContain(e => Text(e, "log.level") == "warning" && Text(e, "log.syslog.facility.name") == "local3");
    }

    [Fact]
    public async Task Rsyslog_is_heard_over_TLS_and_only_with_a_certificate_of_the_authority()
    {
        Component.Need("rsyslogd");
        string folder = Directory.CreateTempSubdirectory("certificates").FullName;
        await MakeCertificatesAsync(folder);
        (int open, int closed) = (Daemon.FreePort(), Daemon.FreePort());
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            inputs:
              syslog:
                - listen: 'tls://127.0.0.1:{{open}}'
                  tls_config: { cert_file: {{folder}}/server.pem, key_file: {{folder}}/server.key }
                - listen: 'tls://127.0.0.1:{{closed}}'
                  tls_config: { cert_file: {{folder}}/server.pem, key_file: {{folder}}/server.key, ca_file: {{folder}}/ca.pem }
            """);
        string Action(int port, string tag) => $"""
            action(type="omfwd" Target="127.0.0.1" Port="{port}" Protocol="tcp" TCP_Framing="octet-counted" {Template} {Retry}
              StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid" name="{tag}")
            """;
        string authority = $"defaultNetstreamDriverCAFile=\"{folder}/ca.pem\"";
        using (Rsyslogd nameless = await Rsyslogd.StartAsync(Action(open, "open") + "\n" + Action(closed, "closed"), authority))
        {
            await nameless.WriteAsync(Numbers(0, 100));
            await UntilAsync(daemon, "{service=\"numbers\"}", 100);
            await Eventually.Async(
                async () => await daemon.OwnAsync("metricsd_input_errors_total") > 0, "a connection without certificate is refused");
        }
        string own =
            $"{authority} defaultNetstreamDriverCertFile=\"{folder}/client.pem\" defaultNetstreamDriverKeyFile=\"{folder}/client.key\"";
        using Rsyslogd named = await Rsyslogd.StartAsync(Action(closed, "closed"), own);
        await named.WriteAsync(Numbers(100, 100));
        Distinct(await UntilAsync(daemon, "{service=\"numbers\"}", 200)).Should().Equal(Enumerable.Range(0, 200));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_lost_over_RELP_when_the_daemon_is_killed_in_the_middle_of_a_stream(bool tls)
    {
        const int Count = 40_000;
        Component.Need("rsyslogd");
        string folder = Directory.CreateTempSubdirectory("certificates").FullName;
        int port = Daemon.FreePort();
        string certificates = "";
        string secure = "";
        if (tls)
        {
            await MakeCertificatesAsync(folder);
            certificates = $"tls_config: {{ cert_file: {folder}/server.pem, key_file: {folder}/server.key, ca_file: {folder}/ca.pem }}";
            secure = $"tls=\"on\" tls.cacert=\"{folder}/ca.pem\" tls.mycert=\"{folder}/client.pem\" "
                + $"tls.myprivkey=\"{folder}/client.key\" tls.authmode=\"name\" tls.permittedpeer=[\"localhost\"]";
        }
        await using Daemon daemon = await Daemon.StartAsync($"""
            host: {"{ enabled: false }"}
            inputs:
              syslog:
                - listen: '{(tls ? "relp+tls" : "relp")}://127.0.0.1:{port}'
                  {certificates}
            """);
        using Rsyslogd rsyslog = await Rsyslogd.StartAsync($"""
            module(load="omrelp")
            action(type="omrelp" Target="127.0.0.1" Port="{port}" {secure} {Template} {Retry})
            """);
        Task writing = WriteSlowlyAsync(rsyslog, Count);
        for (int kill = 0; kill < 3; kill++)
        {
            int before = await CountAsync(daemon);
            await Eventually.Async(
                async () => await CountAsync(daemon) > before + 500, $"events before kill {kill}: {rsyslog.Log} {daemon.Log}");
            daemon.Kill();
            await daemon.StartAgainAsync();
        }
        await writing;
        List<JsonElement> events = [];
        await Eventually.Async(async () => Distinct(events = await AllAsync(daemon, "{service=\"numbers\"}")).Count == Count,
            "all numbers are there", TimeSpan.FromMinutes(3));
        Distinct(events).Should().Equal(Enumerable.Range(0, Count));
        // A message that was on disk and not yet acknowledged comes once more: at most what rsyslog keeps unacknowledged, at each kill.
        (events.Count - Count).Should().BeLessThanOrEqualTo(3 * 128);
        TestContext.Current.TestOutputHelper?.WriteLine($"{events.Count - Count} of {Count} came twice");
    }

    [Fact]
    public async Task Over_TCP_a_kill_costs_at_most_a_flush_interval_and_what_lay_in_socket_buffers()
    {
        const int Count = 40_000;
        int port = Daemon.FreePort();
        await using Daemon daemon = await StartAsync($"tcp://127.0.0.1:{port}");
        using Rsyslogd rsyslog = await Rsyslogd.StartAsync(
            $"action(type=\"omfwd\" Target=\"127.0.0.1\" Port=\"{port}\" Protocol=\"tcp\" TCP_Framing=\"octet-counted\" {Template} "
                + $"{Retry})");
        Task writing = WriteSlowlyAsync(rsyslog, Count);
        // On a busy machine much may lie in socket buffers; the kill comes when little does.
        await Eventually.Async(
            async () => await CountAsync(daemon) is > 5000 and var count && count > rsyslog.Written - 2500, "events before the kill");
        List<int> seen = Distinct(await AllAsync(daemon, "{service=\"numbers\"}"));
        daemon.Kill();
        await daemon.StartAgainAsync();
        await writing;
        await rsyslog.WriteAsync([$"number {Count}"]);
        List<JsonElement> events = [];
        await Eventually.Async(
            async () => Distinct(events = await AllAsync(daemon, "{service=\"numbers\"}")) is [.., Count], "the last number is there",
            TimeSpan.FromMinutes(3));
        List<int> numbers = Distinct(events);
        events.Should().HaveCount(numbers.Count, "no message comes twice");
        seen.Should().BeSubsetOf(numbers, "what could be read before the kill was on disk");
        int missing = Count + 1 - numbers.Count;
        missing.Should().BeLessThan(Count / 4);
        // What is missing is one gap: the messages around the kill.
        numbers.Zip(numbers.Skip(1)).Count(p => p.Second != p.First + 1).Should().BeLessThanOrEqualTo(1);
        TestContext.Current.TestOutputHelper?.WriteLine($"{missing} of {Count} are missing");
    }

    [Fact]
    public async Task A_reload_leaves_a_connection_alone_and_opens_and_closes_what_changed()
    {
        (int kept, int removed, int added) = (Daemon.FreePort(), Daemon.FreePort(), Daemon.FreePort());
        await using Daemon daemon = await StartAsync($"tcp://127.0.0.1:{kept}", $"tcp://127.0.0.1:{removed}");
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync("127.0.0.1", kept);
        await using System.Net.Sockets.NetworkStream stream = client.GetStream();
        await stream.WriteAsync("<13>reload: before\n"u8.ToArray());
        await UntilAsync(daemon, "{service=\"reload\"}", 1);
        for (int round = 0; round < 3; round++)
        {
            await File.WriteAllTextAsync(
                Path.Combine(daemon.Folder, "metrics.yaml"), Configuration($"tcp://127.0.0.1:{kept}", $"udp://127.0.0.1:{added}"));
            (await daemon.Http.PostAsync(daemon.Url("/-/reload"), null)).EnsureSuccessStatusCode();
        }
        await Eventually.Async(async () => (await InputsAsync(daemon)).SequenceEqual(
            ["push running", $"syslog/tcp://127.0.0.1:{kept} running", $"syslog/udp://127.0.0.1:{added} running"]),
                "the inputs are those of the file");
        await stream.WriteAsync("<13>reload: behind\n"u8.ToArray());
        await UntilAsync(daemon, "{service=\"reload\"}", 2);
        using var refused = new System.Net.Sockets.TcpClient();
        await refused.Invoking(c => c.ConnectAsync("127.0.0.1", removed)).Should().ThrowAsync<System.Net.Sockets.SocketException>();
    }

    [Fact]
    public async Task The_configurations_of_rsyslog_in_the_document_are_good()
    {
        Component.Need("rsyslogd");
        string folder = Directory.CreateTempSubdirectory("document").FullName;
        string document = await File.ReadAllTextAsync(Path.Combine(Metrics.Testing.Cases.Repository, "docs", "inputs.md"));
        string[] blocks = [.. document.Split("```rsyslog\n").Skip(1).Select(b => b.Split("```")[0])];
        blocks.Should().HaveCount(2);
        foreach (string block in blocks)
        {
            string file = Path.Combine(folder, "rsyslog.conf");
            foreach (string name in new[] { "authority.pem", "host.pem", "host.key" })
                await File.WriteAllTextAsync(Path.Combine(folder, name), "");
            string here =
                block.Replace("/var/spool/rsyslog", folder, StringComparison.Ordinal).Replace("/etc/ssl", folder, StringComparison.Ordinal);
            await File.WriteAllTextAsync(file, here);
            (int code, string said) = await Component.RunAsync("rsyslogd", "", "-N1", "-f", file, "-i", Path.Combine(folder, "pid"));
            code.Should().Be(0, said);
            said.Should().NotContain("error", block);
        }
    }

    private static Task<Daemon> StartAsync(params string[] listens) => Daemon.StartAsync(Configuration(listens));

    private static string Configuration(params string[] listens) =>
        "host: { enabled: false }\ninputs:\n  syslog:\n" + string.Concat(listens.Select(l => $"    - listen: '{l}'\n"));

    private static List<string> Numbers(int from, int count) => [.. Enumerable.Range(from, count).Select(i => $"number {i}")];

    private static async Task WriteSlowlyAsync(Rsyslogd rsyslog, int count)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        for (int i = 0; i < count; i += 250)
        {
            await rsyslog.WriteAsync(Numbers(i, 250));
            await pace.WaitForNextTickAsync();
        }
    }

    private static string Text(JsonElement one, string field) => one.TryGetProperty(field, out JsonElement value) ? value.GetString()! : "";

    private static List<int> Distinct(List<JsonElement> events) =>
        [.. events.Select(e => int.Parse(Text(e, "body").Split(' ')[1], CultureInfo.InvariantCulture)).Distinct().Order()];

    private static async Task<int> CountAsync(Daemon daemon)
    {
        string metric = "metricsd_input_events_total";
        return (int)await daemon.OwnAsync(metric);
    }

    private static async Task<List<JsonElement>> UntilAsync(Daemon daemon, string match, int count)
    {
        List<JsonElement> events = [];
        await Eventually.Async(
            async () => (events = await AllAsync(daemon, match)).Count >= count, $"{count} events of {match}; there are {events.Count}");
        return events;
    }

    /// <summary>All events of a selector, page by page.</summary>
    private static async Task<List<JsonElement>> AllAsync(Daemon daemon, string match)
    {
        var events = new List<JsonElement>();
        long after = 0;
        while (true)
        {
            string page =
                await daemon.GetAsync($"/api/v1/events?match[]={Uri.EscapeDataString(match)}&order=oldest&limit=10000&after={after}");
            JsonElement data = JsonDocument.Parse(page).RootElement.GetProperty("data");
            List<JsonElement> some = [.. data.GetProperty("events").EnumerateArray()];
            events.AddRange(some);
            if (some.Count < 10_000)
                return events;
            after = some[^1].GetProperty("id").GetInt64();
        }
    }

    private static async Task<List<string>> InputsAsync(Daemon daemon) =>
    [
        .. JsonDocument.Parse(await daemon.GetAsync("/api/v1/inputs")).RootElement.GetProperty("data").EnumerateArray()
            .Select(i => $"{i.GetProperty("name").GetString()} {i.GetProperty("state").GetString()}"),
    ];

    private static async Task MakeCertificatesAsync(string folder)
    {
        await OpensslAsync(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", $"{folder}/ca.key", "-out", $"{folder}/ca.pem", "-days", "3",
            "-subj", "/CN=test authority");
        foreach (string name in new[] { "server", "client" })
        {
            await File.WriteAllTextAsync($"{folder}/{name}.ext", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
            await OpensslAsync(
                "req", "-newkey", "rsa:2048", "-nodes", "-keyout", $"{folder}/{name}.key", "-out", $"{folder}/{name}.csr", "-subj",
                "/CN=localhost");
            await OpensslAsync(
                "x509", "-req", "-in", $"{folder}/{name}.csr", "-CA", $"{folder}/ca.pem", "-CAkey", $"{folder}/ca.key", "-CAcreateserial",
                "-out", $"{folder}/{name}.pem", "-days", "3", "-extfile", $"{folder}/{name}.ext");
        }
    }

    private static async Task OpensslAsync(params string[] arguments)
    {
        (int code, string said) = await Component.RunAsync("openssl", "", arguments);
        code.Should().Be(0, said);
    }
}
