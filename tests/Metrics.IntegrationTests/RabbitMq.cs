using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>
/// A real RabbitMQ, with a virtual host for each test, an account of the services (<c>openstack</c>) and one of metricsd with the rights
/// that docs/inputs.md asks for, and no more.
/// </summary>
public sealed class RabbitMq : IAsyncLifetime
{
    public const string Password = "secret-of-the-test";

    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private static readonly string[] s_hosts =
        ["/", "fields", "notifier", "kill", "later", "poison", "gone", "bindings", "commit", "tls"];

    private readonly string _folder = Directory.CreateTempSubdirectory("rabbit").FullName;
    private readonly int _portMapper = Daemon.FreePort();
    private readonly int _erlang = Daemon.FreePort();
    private Component? _mapper;
    private Component? _server;

    private readonly Certificates _certificates = new();

    public int Port { get; } = Daemon.FreePort();

    /// <summary>Where it speaks TLS, with a certificate for <c>localhost</c>.</summary>
    public int TlsPort { get; } = Daemon.FreePort();

    /// <summary>The authority of its certificate.</summary>
    public string CaFile => _certificates.CaFile;

    /// <summary>Where the services find a virtual host.</summary>
    public string ServiceUrl(string host) => $"rabbit://openstack:{Password}@127.0.0.1:{Port}/{host}";

    /// <summary>The file of metricsd's password.</summary>
    public string PasswordFile => Path.Combine(_folder, "password");

    /// <summary>Keys of <c>notifications</c> for a virtual host.</summary>
    public string Keys(string host) => $"url: 'amqp://metricsd@127.0.0.1:{Port}/{host}', password_file: {PasswordFile}";

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Program))
            return;
        _certificates.Issue("rabbit", "CN=rabbit");
        await File.WriteAllTextAsync(PasswordFile, Password + "\n");
        await File.WriteAllTextAsync(Path.Combine(_folder, "plugins"), "[].");
        await File.WriteAllTextAsync(Path.Combine(_folder, "definitions.json"), Definitions());
        await File.WriteAllTextAsync(Path.Combine(_folder, "rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{Port}
            listeners.ssl.1 = 127.0.0.1:{TlsPort}
            ssl_options.cacertfile = {CaFile}
            ssl_options.certfile = {_certificates.Folder}/rabbit.pem
            ssl_options.keyfile = {_certificates.Folder}/rabbit.key
            load_definitions = {_folder}/definitions.json
            disk_free_limit.absolute = 50MB
            log.console = true
            log.file = false
            """);
        // Otherwise Erlang starts a port mapper on every address, which outlives us.
        _mapper = Component.Start(_folder, "/usr/bin/env", "ERL_EPMD_ADDRESS=127.0.0.1", "epmd", "-port", $"{_portMapper}");
        await StartAsync();
    }

    /// <summary>Skips the calling test where it is missing.</summary>
    public void Need() => Assert.SkipUnless(_server is not null, "rabbitmq-server is not installed");

    public async Task StartAsync()
    {
        _server = Component.Start(
            _folder, "/usr/bin/env", "ERL_EPMD_ADDRESS=127.0.0.1", $"ERL_EPMD_PORT={_portMapper}", $"HOME={_folder}",
            $"RABBITMQ_NODENAME=test{Port}@localhost", $"RABBITMQ_CONFIG_FILE={_folder}/rabbitmq", $"RABBITMQ_CONF_ENV_FILE={_folder}/none",
            $"RABBITMQ_ADVANCED_CONFIG_FILE={_folder}/none", $"RABBITMQ_ENABLED_PLUGINS_FILE={_folder}/plugins",
            $"RABBITMQ_MNESIA_BASE={_folder}/data", $"RABBITMQ_LOG_BASE={_folder}/log", $"RABBITMQ_PID_FILE={_folder}/pid",
            $"RABBITMQ_DIST_PORT={_erlang}", "RUNNING_UNDER_SYSTEMD=1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none", Program);
        await Eventually.Async(async () =>
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }, "RabbitMQ listens");
    }

    /// <summary>Has it end in order.</summary>
    public async Task StopAsync()
    {
        await Component.RunAsync("sh", "", "-c", $"kill -TERM {_server!.Id}");
        await _server.EndAsync();
        _server.Dispose();
    }

    /// <summary>Ends it as a crash does.</summary>
    public void Kill() => _server!.Dispose();

    public async ValueTask DisposeAsync()
    {
        _server?.Dispose();
        _mapper?.Dispose();
        _certificates.Dispose();
        await Task.Run(() => Directory.Delete(_folder, true));
    }

    private static string Definitions() => JsonSerializer.Serialize(new
    {
        users = new[] { "openstack", "metricsd" }.Select(u => new
        {
            name = u, password_hash = HashOf(Password), hashing_algorithm = "rabbit_password_hashing_sha256", tags = "",
        }),
        vhosts = s_hosts.Select(h => new { name = h }),
        permissions = s_hosts.SelectMany(h => new[]
        {
            new { user = "openstack", vhost = h, configure = ".*", write = ".*", read = ".*" },
            new
            {
                user = "metricsd", vhost = h, configure = @"^metricsd\.", write = @"^metricsd\.",
                read = @"^(metricsd\..*|glance|keystone|neutron|nova|openstack)$",
            },
        }),
    });

    private static string HashOf(string password)
    {
        byte[] salt = [1, 2, 3, 4];
        return Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
    }
}

/// <summary>The tests that share a RabbitMQ, and run one after the other.</summary>
[CollectionDefinition]
public sealed class RabbitMqTests : ICollectionFixture<RabbitMq>;
