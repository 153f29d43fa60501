using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Metrics.IntegrationTests;

/// <summary>Clients that forge where they come from, before a real HAProxy and a real nginx: what their own logs tell.</summary>
public sealed class ProxyOriginTests
{
    private const string Client = "127.0.7.1";

    private readonly string _folder = Directory.CreateTempSubdirectory("proxies").FullName;
    private readonly (int One, int Two, int Inner, int Web) _ports =
        (Daemon.FreePort(), Daemon.FreePort(), Daemon.FreePort(), Daemon.FreePort());

    [Fact]
    public async Task The_client_is_the_origin_whatever_it_says_and_behind_a_proxy_that_says_nothing_nobody_is()
    {
        await WriteConfigurationsAsync();
        using Component haproxy = Component.Start(_folder, "/usr/sbin/haproxy", "-f", "haproxy.cfg");
        using Component nginx = Component.Start(
            _folder, "/usr/sbin/nginx", "-p", _folder, "-e", "error.log", "-c", $"{_folder}/nginx.conf");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            events: { trusted_proxies: [127.0.0.1] }
            inputs:
              logs:
                - { name: haproxy, paths: ['{{_folder}}/haproxy.log'], format: haproxy, start: beginning }
                - { name: nginx, paths: ['{{_folder}}/access.log'], start: beginning }
            """);
        using var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync });
        foreach ((int port, string path, string[] claims) in (IEnumerable<(int, string, string[])>)
            [
                (_ports.One, "plain", []),
                (_ports.One, "forged", ["203.0.113.66"]),
                (_ports.One, "twice", ["203.0.113.66", "unknown, a\"b,, [2001:db8::66]:80"]),
                (_ports.One, "long", [string.Join(", ", Enumerable.Repeat("203.0.113.66", 100))]),
                (_ports.Two, "captured", ["203.0.113.66"]),
                (_ports.Inner, "direct", ["203.0.113.66"]),
            ])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/{path}");
            foreach (string claim in claims)
                request.Headers.TryAddWithoutValidation("X-Forwarded-For", claim);
            HttpResponseMessage? answer = null;
            await Eventually.Async(
                async () => (answer = await client.SendAsync(Copy(request))).StatusCode == HttpStatusCode.OK, "both proxies answer");
            answer!.Dispose();
        }
        using (var local = new HttpClient())
            (await local.GetStringAsync($"http://127.0.0.1:{_ports.Web}/check")).Should().BeEmpty();

        string[] expected =
        [
            $"nginx /plain {Client} by 127.0.0.1", $"nginx /forged {Client} by 127.0.0.1", $"nginx /twice {Client} by 127.0.0.1",
            $"nginx /long {Client} by 127.0.0.1", $"nginx /captured {Client} by 127.0.0.1", $"nginx /direct {Client} by 127.0.0.1",
            "nginx /check  by 127.0.0.1", $"haproxy /plain {Client} by ", $"haproxy /forged {Client} by ", $"haproxy /twice {Client} by ",
            $"haproxy /long {Client} by ", $"haproxy /captured {Client} by ", $"haproxy /captured {Client} by 127.0.0.1",
            $"haproxy /direct {Client} by ",
        ];
        List<string> seen = [];
        await Eventually.Async(
            async () => (seen = await SeenAsync(daemon)).Count >= expected.Length, "all requests of both logs are there");
        seen.Should().BeEquivalentTo(expected);
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<List<string>> SeenAsync(Daemon daemon) =>
    [
        .. (await daemon.EventsAsync()).Where(e => e.Text("kind") == "http.request" && e.Text("http.response.status_code") == "200").Select(
            e => $"{(e.Text("service.name") == "haproxy" ? "haproxy" : "nginx")} {e.Text("url.original")} "
                + $"{e.Text("source.ip")} by {e.Text("proxy.ip")}"),
    ];

    private static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri);
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            foreach (string value in values)
                copy.Headers.TryAddWithoutValidation(name, value);
        }
        return copy;
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Client), 0));
        await socket.ConnectAsync(context.DnsEndPoint, ct);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task WriteConfigurationsAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "haproxy.cfg"), $$"""
            global
              log stdout format raw local0
            defaults
              mode http
              log global
              option httplog
              option forwardfor
              timeout connect 1s
              timeout client 5s
              timeout server 5s
            frontend one
              bind 127.0.0.1:{{_ports.One}}
              default_backend web
            frontend two
              bind 127.0.0.1:{{_ports.Two}}
              default_backend inner
            frontend inner
              bind 127.0.0.1:{{_ports.Inner}}
              capture request header X-Forwarded-For len 256
              capture request header Host len 64
              default_backend web
            backend web
              server a 127.0.0.1:{{_ports.Web}}
            backend inner
              server a 127.0.0.1:{{_ports.Inner}}

            """);
        await File.WriteAllTextAsync(Path.Combine(_folder, "nginx.conf"), $$"""
            daemon off;
            pid {{_folder}}/nginx.pid;
            error_log {{_folder}}/error.log;
            events { }
            http {
              log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
                '"$http_user_agent" "$http_x_forwarded_for"';
              access_log {{_folder}}/access.log main;
              client_body_temp_path {{_folder}}/body;
              proxy_temp_path {{_folder}}/proxy;
              fastcgi_temp_path {{_folder}}/fastcgi;
              uwsgi_temp_path {{_folder}}/uwsgi;
              scgi_temp_path {{_folder}}/scgi;
              server { listen 127.0.0.1:{{_ports.Web}}; location / { return 200; } }
            }
            """);
    }
}
