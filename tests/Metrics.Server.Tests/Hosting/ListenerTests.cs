using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Metrics.Alerting;
using Metrics.Cli;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Tests.Access;
using Metrics.Tests.Cli;

namespace Metrics.Tests.Hosting;

/// <summary>Listening by TLS and on a unix socket, over a real Kestrel.</summary>
public sealed class ListenerTests : IDisposable
{
    private const string Accounts = """
        auth:
          tokens: [ { name: ops, role: admin, token: t } ]
          client_certificates:
            - { name: prometheus, role: viewer, common_name: prometheus.example }
            - { name: web-1, role: ingest, hosts: [web-1], san: web-1.example }
        """;

    private readonly Certificates _files = new();

    public ListenerTests()
    {
        _files.Issue("server", "CN=metrics.example", "metrics.example");
        _files.Issue("prometheus", "CN=prometheus.example");
        _files.Issue("web-1", "CN=anything", "web-1.example");
        _files.Issue("stranger", "CN=stranger");
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Certificates_sign_in_with_the_roles_of_their_names()
    {
        await using RunningDaemon daemon = await StartAsync(Tls("RequireAndVerifyClientCert") + Accounts);
        (await AskAsync(daemon, "prometheus", "/api/v1/query?query=1")).Should().Be((200, ""));
        (await AskAsync(daemon, "prometheus", "/export")).Should().Be(
            (403, "the role admin is needed; this certificate has viewer\n"));
        (await AskAsync(daemon, "stranger", "/metrics")).Status.Should().Be(401);
        (await AskAsync(daemon, "stranger", "/metrics", "t")).Status.Should().Be(200, "a token is good with any");
        (await AskAsync(daemon, "prometheus", "/metrics", "wrong")).Status.Should().Be(401, "a token that is shown decides");
        (await AskAsync(daemon, "web-1", "/write", null, "load,host=web-1 v=1\n")).Status.Should().Be(204);
        (await AskAsync(daemon, "web-1", "/write", null, "load,host=web-2 v=1\n")).Status.Should().Be(400);
        Func<Task> without = () => AskAsync(daemon, null, "/metrics", "t");
        await without.Should().ThrowAsync<HttpRequestException>();
        using var others = new Certificates();
        others.Issue("prometheus", "CN=prometheus.example");
        Func<Task> foreign = () => AskAsync(daemon, Path.Combine(others.Folder, "prometheus"), "/metrics");
        await foreign.Should().ThrowAsync<HttpRequestException>("its authority is another");
    }

    [Fact]
    public async Task Where_certificates_are_optional_a_token_will_do()
    {
        await using RunningDaemon daemon = await StartAsync(Tls("VerifyClientCertIfGiven") + Accounts);
        (await AskAsync(daemon, null, "/metrics", "t")).Status.Should().Be(200);
        (await AskAsync(daemon, null, "/metrics")).Status.Should().Be(401);
        (await AskAsync(daemon, "prometheus", "/metrics")).Status.Should().Be(200);
        using var others = new Certificates();
        others.Issue("prometheus", "CN=prometheus.example");
        Func<Task> foreign = () => AskAsync(daemon, Path.Combine(others.Folder, "prometheus"), "/metrics", "t");
        await foreign.Should().ThrowAsync<HttpRequestException>("one that is given must be right");
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_at_once_and_a_broken_one_is_not()
    {
        await using RunningDaemon daemon = await StartAsync(Tls());
        string first = await ShownAsync(daemon);
        _files.Issue("server", "CN=metrics.example", "metrics.example", new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));
        string second = await ShownAsync(daemon);
        second.Should().NotBe(first);
        await File.WriteAllTextAsync(Path.Combine(_files.Folder, "server.key"), "-----BEGIN nonsense");
        (await ShownAsync(daemon)).Should().Be(second);
        string page = (await AskAsync(daemon, null, "/metrics", null, null, true)).Text;
        page.Should().MatchRegex("metricsd_listener_certificate_expiry_timestamp_seconds\\{listen=\"127.0.0.1:0\"\\} 2208988800\n")
            .And.MatchRegex("metricsd_listener_certificate_last_reload_successful\\{listen=\"127.0.0.1:0\"\\} 0\n");
        _files.Issue("server", "CN=metrics.example", "metrics.example");
        (await ShownAsync(daemon)).Should().NotBe(second);
    }

    [Theory]
    [InlineData("TLS12", SslProtocols.Tls12, true)]
    [InlineData("TLS12", SslProtocols.Tls13, true)]
    [InlineData("TLS13", SslProtocols.Tls12, false)]
    [InlineData("TLS13", SslProtocols.Tls13, true)]
#pragma warning disable CA5397, SYSLIB0039 // That they are refused is what is looked at.
    [InlineData("TLS12", SslProtocols.Tls11, false)]
#pragma warning restore CA5397, SYSLIB0039
    public async Task Older_versions_of_TLS_are_refused(string min, SslProtocols spoken, bool taken)
    {
        await using RunningDaemon daemon = await StartAsync(Tls("NoClientCert", min));
        Func<Task> shown = () => ShownAsync(daemon, spoken);
        if (taken)
            await shown.Should().NotThrowAsync();
        else
            await shown.Should().ThrowAsync<Exception>();
    }

    [Fact]
    public async Task Who_speaks_plain_HTTP_there_is_told()
    {
        await using RunningDaemon daemon = await StartAsync(Tls());
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, daemon.Address.Port);
        await client.GetStream().WriteAsync("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(client.GetStream());
        (await reader.ReadToEndAsync()).Should().StartWith("HTTP/1.1 400 ").And.EndWith("\r\n\r\nthis is an HTTPS port; use https://\n");
        (await AskAsync(daemon, null, "/-/healthy")).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_command_finds_its_daemon_by_TLS()
    {
        await using RunningDaemon daemon = await StartAsync(Tls());
        string url = daemon.Address.GetLeftPart(UriPartial.Authority);
        (await CliRun.Of("query", "1", "--url", url)).Code.Should().Be(3, "nobody knows its authority");
        CliRun run = await CliRun.Of("query", "1", "--url", url, "--ca-file", _files.CaFile);
        (run.Code, run.Error).Should().Be((0, ""));
        using var pinned = new DaemonClient(
            url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), null, TimeSpan.FromSeconds(30),
            new DaemonConnection(TlsOptions.None, Path.Combine(_files.Folder, "server.pem")));
        await pinned.GetAsync("/api/v1/query?query=1", CancellationToken.None);
    }

    [Fact]
    public async Task A_unix_socket_is_for_its_owner_and_group_and_one_that_was_left_behind_is_no_obstacle()
    {
        string path = Path.Combine(_files.Folder, "socket");
        // As a process that is killed leaves it: one that closes its socket removes the file.
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(path + "1"));
            File.Move(path + "1", path);
        }
        await using RunningDaemon daemon = await StartAsync($"listen: 'unix:{path}'\n");
        new FileInfo(path).UnixFileMode.Should().Be(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        CliRun run = await CliRun.Of("query", "1", "--url", $"unix:{path}");
        (run.Code, run.Error).Should().Be((0, ""));
        Func<Task> second = () => StartAsync($"listen: 'unix:{path}'\n");
        (await second.Should().ThrowAsync<IOException>()).WithMessage("somebody listens there already");
        (await CliRun.Of("query", "1", "--url", $"unix:{path}")).Code.Should().Be(0, "the first goes on");
    }

    [Fact]
    public async Task A_file_that_is_no_socket_stays()
    {
        string path = Path.Combine(_files.Folder, "precious");
        await File.WriteAllTextAsync(path, "precious");
        Func<Task> start = () => StartAsync($"listen: 'unix:{path}'\n");
        (await start.Should().ThrowAsync<IOException>()).WithMessage("*no socket");
        (await File.ReadAllTextAsync(path)).Should().Be("precious");
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_the_socket_holds_nothing_up()
    {
        string path = Path.Combine(_files.Folder, "pipe");
        using (Process make = Process.Start("mkfifo", [path]))
            await make.WaitForExitAsync();
        Func<Task> start = () => Task.Run(() => StartAsync($"listen: 'unix:{path}'\n")).WaitAsync(TimeSpan.FromSeconds(20));
        (await start.Should().ThrowAsync<IOException>()).WithMessage("*no socket");
        File.Exists(path).Should().BeTrue();
    }

    [Fact]
    public void A_path_of_a_socket_is_counted_in_bytes()
    {
        Action parse = () => MetricsOptions.Parse($"listen: 'unix:/{new string('ä', 60)}'");
        parse.Should().Throw<ConfigurationException>().WithMessage("*at most 107 bytes*");
    }

    [Theory]
    [InlineData("", "http://127.0.0.1:9890")]
    [InlineData("listen: '[::1]:80'", "http://[::1]:80")]
    [InlineData("listen: 'unix:/run/socket'", "http://127.0.0.1:9890")]
    [InlineData("external_url: 'https://metrics.example/'", "https://metrics.example")]
    [InlineData("external_url: metrics.example", "http://metrics.example")]
    [InlineData("external_url: 'https://metrics.example/monitor/'", "https://metrics.example/monitor")]
    public void Links_begin_with_where_it_listens(string yaml, string url) =>
        MetricsOptions.Parse(yaml).Notifications.ExternalUrl.Should().Be(url);

    [Theory]
    [InlineData("0.0.0.0:9890")]
    [InlineData("[::]:9890")]
    public void Where_it_listens_everywhere_links_begin_with_the_machines_name(string listen) =>
        MetricsOptions.Parse($"listen: '{listen}'\n{Accounts}\n{Tls("VerifyClientCertIfGiven")}".Replace(
                "listen: 127.0.0.1:0\n", "", StringComparison.Ordinal)).Notifications.ExternalUrl.Should()
            .Be($"https://{Dns.GetHostName()}:9890");

    [Theory]
    [InlineData("0.0.0.0:80", "compute-7", "http://compute-7:80")]
    [InlineData("[::]:80", "compute-7.example.org", "http://compute-7.example.org:80")]
    [InlineData("[0:0::0]:80", "compute-7", "http://compute-7:80")]
    [InlineData("192.0.2.1:80", "compute-7", "http://192.0.2.1:80")]
    [InlineData("0.0.0.0:80", "a b", "http://0.0.0.0:80")]
    public void An_address_that_is_none_is_never_linked_to(string listen, string machine, string url) =>
        OwnAddress.OfListen(listen, isSecured: false, machine).Should().Be(url);

    [Fact]
    public void A_renewed_certificate_is_no_change_of_the_configuration()
    {
        MetricsOptions before = MetricsOptions.Parse(Tls());
        before.Notifications.ExternalUrl.Should().StartWith("https://");
        _files.Issue("server", "CN=metrics.example", "metrics.example.of.another.length");
        MetricsOptions.Parse(Tls()).Sections.Should().BeEquivalentTo(before.Sections);
        MetricsOptions.Parse(Tls("NoClientCert", "TLS13")).Sections.Should().NotBeEquivalentTo(before.Sections);
    }

    [Theory]
    [InlineData("listen: 'unix:socket'", "listen is 'unix:socket'; it must be unix: and a whole path of at most 107 bytes")]
    [InlineData("listen: 'localhost:0'", "listen is 'localhost:0'; localhost needs a port, any that is free (0) is for an address such as")]
    [InlineData("listen: '127.0.0.1'", "listen is '127.0.0.1'; it must be ADDRESS:PORT with a numeric address, such as 127.0.0.1:9890 or")]
    [InlineData("tls_server_config: { cert_file: x }", "tls_server_config.key_file is required")]
    [InlineData("tls_server_config: { cert_file: /none, key_file: /none }", "tls_server_config.cert_file cannot be used: ")]
    [InlineData("tls_server_config: { cert_file: a, key_file: b, min_version: TLS11 }", "min_version is 'TLS11'; allowed are TLS12, TLS13")]
    [InlineData("tls_server_config: { cert_file: a, key_file: b, client_ca_file: c }", "client_ca_file and a 'client_auth_type' that asks")]
    [InlineData("external_url: 'metrics.example?a=b'", "external_url is 'http://metrics.example?a=b'; it must be a http or https address")]
    [InlineData("external_url: 'ftp://metrics.example'", "external_url is 'ftp://metrics.example'; it must be a http or https address")]
    [InlineData("auth: { client_certificates: [ { name: a, common_name: b } ] }", "they need tls_server_config with client_ca_file")]
    [InlineData("auth: { client_certificates: [ { name: a } ] }", "auth.client_certificates[0].common_name or 'san' is required")]
    public void What_makes_no_sense_is_reported(string yaml, string problem)
    {
        Action parse = () => MetricsOptions.Parse(yaml);
        parse.Should().Throw<ConfigurationException>().WithMessage($"*{problem}*");
    }

    [Theory]
    [InlineData(null, 512, null)]
    [InlineData(256, 16, "metricsd may open 256 files only; the .NET runtime alone keeps 280 open: allow 512 at least")]
    [InlineData(1024, 312, null)]
    [InlineData(20000, 512, null)]
    public void Connections_leave_files_for_all_else(int? limit, int connections, string? fault)
    {
        OpenFiles.ConnectionsWithin(512, limit).Should().Be(connections);
        (OpenFiles.Fault(limit) ?? "").Should().StartWith(fault ?? "").And.Match(f => f.Length == 0 == (fault == null));
    }

    private static Task<RunningDaemon> StartAsync(string configuration) => RunningDaemon.StartAsync(configuration);

    private string Tls(string clientAuth = "NoClientCert", string min = "TLS12")
    {
        string ca = clientAuth == "NoClientCert" ? "" : $", client_ca_file: '{_files.CaFile}'";
        string files = $"cert_file: '{_files.Folder}/server.pem', key_file: '{_files.Folder}/server.key'";
        return $"tls_server_config: {{ {files}{ca}, client_auth_type: {clientAuth}, min_version: {min} }}\n";
    }

    /// <summary>Asks by TLS; gives the body of a refusal, else nothing of it unless it is asked for.</summary>
    private async Task<(int Status, string Text)> AskAsync(
        RunningDaemon daemon, string? certificate, string path, string? token = null, string? body = null, bool reads = false)
    {
        string? files = certificate is null ? null : Path.Combine(_files.Folder, certificate);
        var tls = new TlsOptions(_files.CaFile, files is null ? null : files + ".pem", files is null ? null : files + ".key", null, false);
        using SocketsHttpHandler handler = new HttpSettings { Tls = tls }.CreateHandler();
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(daemon.Address, path));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "text/plain");
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using HttpResponseMessage answer = await http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, answer.IsSuccessStatusCode && !reads ? "" : text);
    }

    /// <summary>The thumbprint of the certificate that the listener shows.</summary>
    private static async Task<string> ShownAsync(RunningDaemon daemon, SslProtocols protocols = SslProtocols.None)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, daemon.Address.Port);
        await using var tls = new SslStream(client.GetStream());
#pragma warning disable CA5359 // Which one is shown is what is looked at.
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "metrics.example",
            EnabledSslProtocols = protocols,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
#pragma warning restore CA5359
        return ((X509Certificate2)tls.RemoteCertificate!).Thumbprint;
    }
}
